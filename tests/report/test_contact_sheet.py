"""The contact sheet: every study once, warnings marked, no text of the data as markup, nothing from elsewhere."""

import base64
import json
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ich.errors import DataError
from ich.report.contact_sheet import Tile, page_name, sheet_page, write_contact_sheet
from ich.report.page import page_template
from ich.store.store import Store

HOSTILE = "<script>alert(1)</script>"


def change_studies(store_path, **columns):
    """Set columns of studies.parquet, a value a study."""
    studies = pd.read_parquet(store_path / "studies.parquet").assign(**columns)
    studies.to_parquet(store_path / "studies.parquet")
    return studies["study"].tolist()


def warn(store_path, study, sentences):
    """Give a study warnings, as the preparation would."""
    file = store_path / "studies" / f"{study}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"warnings": sentences}))


def read(store_path):
    return write_contact_sheet(store_path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def opened(prepared):
    return Store.open(prepared)


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)


def test_every_study_stands_on_the_sheet_once(store_path):
    page = read(store_path)

    keys = Store.open(store_path).studies["study"]
    assert [page.count(key) for key in keys] == [1] * 5


def test_the_picture_is_the_middle_slice_in_the_brain_window(store_path):
    page = read(store_path)

    first = Store.open(store_path).studies["study"][0]
    encoded = re.search(r"data:image/jpeg;base64,([^\"]+)", page).group(1)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_GRAYSCALE)
    expected = np.clip(Store.open(store_path).read_slice(first, 3), 0, 80) * (255 / 80)
    assert np.abs(picture - expected).mean() < 8  # JPEG at quality 82


def test_a_large_slice_is_shown_small(store_path, monkeypatch):
    monkeypatch.setattr(Store, "read_slice", lambda *_: np.zeros((512, 512), dtype=np.int16))

    page = read(store_path)

    encoded = re.search(r"data:image/jpeg;base64,([^\"]+)", page).group(1)
    assert cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_GRAYSCALE).shape == (176, 176)


def test_warnings_are_counted_and_written_out(store_path):
    keys = change_studies(store_path, n_warnings=[0, 2, 0, 0, 0])
    warn(store_path, keys[1], ["a gap of 10 mm", "tilted by 22 degrees"])

    page = read(store_path)

    assert "2 warnings</b>" in page
    assert "<li>a gap of 10 mm</li><li>tilted by 22 degrees</li>" in page
    assert page.count('<figure class="warned">') == 1


def test_labels_and_fold_are_named(store_path):
    kinds = {"epidural": [1, 0, 0, 0, 0], "intraparenchymal": 0.0, "intraventricular": 0.0, "subarachnoid": 0.0}
    change_studies(store_path, **kinds, subdural=0.0, any=[1, 1, 0, 0, 0], fold=[-1, -2, 0, 1, 0])

    captions = re.findall(r'<span>\d+ of 6 &middot; (.*?)</span>\n<span class="labels">(.*?)</span>', read(store_path))

    negative = "<i>negative</i>"
    assert captions == [
        ("test", "epidural"),
        ("no fold", "any"),
        ("fold 0", negative),
        ("fold 1", negative),
        ("fold 0", negative),
    ]


def test_a_study_without_labels_is_not_called_negative(store_path):
    unknown = dict.fromkeys(
        ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural", "any"], np.nan
    )
    change_studies(store_path, **unknown)

    page = read(store_path)

    assert page.count("no labels") == 5
    assert "negative" not in page


def test_made_heads_are_called_made(store_path):
    assert "Made heads are not patients" in read(store_path)


def test_other_heads_are_not(store_path):
    content = json.loads((store_path / "store.json").read_text())
    (store_path / "store.json").write_text(json.dumps(content | {"source": "rsna"}))

    assert "Made heads" not in read(store_path)


def test_a_large_store_has_pages_that_link_to_each_other(store_path):
    first = write_contact_sheet(store_path, studies_a_page=2)

    pages = [store_path / page_name(number) for number in (1, 2, 3)]
    assert first == pages[0]
    assert [page.read_text().count("<figure") for page in pages] == [2, 2, 1]
    assert all(other.name in page.read_text() for page in pages for other in pages)


def test_pages_of_an_earlier_larger_store_are_removed(store_path):
    write_contact_sheet(store_path, studies_a_page=2)

    write_contact_sheet(store_path)

    assert [page.name for page in store_path.glob("contact_sheet*")] == ["contact_sheet.html"]


def test_neither_uids_nor_paths_reach_the_sheet(store_path):
    page = read(store_path)

    store = Store.open(store_path)
    facts = store.facts(store.studies["study"][0])
    for hidden in (facts["study_uid"], facts["series_uid"], facts["sop_uids"][3], "PHANTOM-", str(store_path)):
        assert hidden not in page


def test_the_sheet_loads_nothing_and_runs_nothing(store_path):
    page = read(store_path)

    assert "default-src 'none'" in page
    assert "script" not in Tags(page).found
    assert not re.search(r"(src|href)=\"(?!data:image/jpeg|contact_sheet)", page)


def test_a_name_with_markup_is_shown_as_text(store_path):
    content = json.loads((store_path / "store.json").read_text())
    (store_path / "store.json").write_text(json.dumps(content | {"source": HOSTILE, "notes": [HOSTILE]}))

    assert HOSTILE not in read(store_path)


@given(st.text(alphabet="<>&\"'/=! ab\n{}%", max_size=30))
@settings(max_examples=25, deadline=None)
def test_no_warning_changes_the_structure_of_the_sheet(opened, sentence):
    assert Tags(sheet_of(opened, sentence)).found == Tags(sheet_of(opened, "plain")).found


def sheet_of(store, sentence):
    """A page with one study and its warning."""
    tile = Tile("s01", picture="", shown=3, n_slices=6, fold="test", labels=(), warnings=(sentence,))
    links = [{"name": "contact_sheet.html", "n_warned": 1}]
    return sheet_page(store, [tile], links=links, number=1)


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected store\.json"):
        write_contact_sheet(tmp_path)


def test_a_template_without_its_facts_is_an_error():
    with pytest.raises(Exception, match="undefined"):
        page_template("contact_sheet.html").render()
