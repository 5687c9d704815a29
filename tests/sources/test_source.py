"""What every data set says of a root that can't hold it."""

import pytest

from ich.errors import DataError
from ich.sources.source import check_root


def test_a_root_that_is_not_there_is_said_with_what_should_lie_in_it(tmp_path):
    with pytest.raises(DataError, match=r"expected a folder of NIfTI, found no such folder; set data\.root=DIR"):
        check_root(tmp_path / "none", holds="a folder of NIfTI")


def test_an_empty_root_is_said_to_be_empty(tmp_path):
    with pytest.raises(DataError, match="found an empty folder"):
        check_root(tmp_path, holds="a folder of NIfTI")


@pytest.mark.parametrize("root", [".", "all.zip"])
def test_a_folder_with_something_in_it_and_a_file_may_be_roots(tmp_path, root):
    (tmp_path / "all.zip").touch()

    check_root(tmp_path / root, holds="a folder of NIfTI")
