"""What is complained about in a composed configuration: keys that nothing reads, values of another type, lost ones."""

import pytest

from ich.commands.configuration.check import complaints
from ich.commands.configuration.config import compose_checked
from ich.commands.configuration.options import SCHEMAS
from ich.errors import ConfigError


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("+windows.brain.foo=3", r"windows\.brain\.foo=3: no such option"),
        ("windows.brain.mean=abc", r"windows\.brain\.mean=abc: expected a number or null"),
        ("windows.brain.width=null", r"windows\.brain\.width=None: expected a number"),
        ("+windows.mine.width=80", r"windows\.mine\.centre: expected a value, found none"),
        ("+windows.mine=80", r"windows\.mine=80: expected a group of keys"),
        ("windows=[]", r"windows: expected a choice, found none"),
        ("windows=null", r"windows=null: expected one of bone, .*found None"),
        ("optimizer=null", r"optimizer=null: expected one of adam, adamw, sgd, found None"),
        ("model.net.size=abc", r"model\.net\.size=abc: expected a whole number or null"),
        ("model.net.neighbour_mm=abc", r"model\.net\.neighbour_mm=abc: expected a number or null"),
        ("model.net.neighbours=null", r"model\.net\.neighbours=null: expected a whole number"),
        ("model.net.backbone=null", r"model\.net\.backbone=null: expected a text"),
        ("~optimizer.lr", r"optimizer\.lr: expected a value, found it taken away"),
        ("~trainer.max_epochs", r"trainer\.max_epochs: expected a value, found it taken away"),
        ("~data.batch_size", r"data\.batch_size: expected a value, found it taken away"),
        ("name=${oc.env:HOME}", r"name=.*: expected a value, found one of the environment"),
        (
            "data.root=${oc.env:HOME}",
            r"only paths may .*: type paths\.data=.* or let the shell fill in data\.root=\$NAME",
        ),
        ("optimizer.lr=inf", r"optimizer\.lr=inf: expected a finite number, found inf"),
        ("loss.weights=[1,1,1,1,1,nan]", r"loss\.weights=nan: expected a finite number"),
        ("windows=[brain,soft,brain]", r"windows=\[brain,soft,brain\]: expected each choice once, found brain 2 times"),
        ("callbacks=[ema,ema]", r"callbacks=\[ema,ema\]: expected each choice once, found ema 2 times"),
        ("callbacks=null", r"callbacks=null: expected one of .*, found None"),
        ("+callbacks.x=1", r"callbacks\.x=1: expected a part with _target_"),
        ("+callbacks.x.patience=1", r"callbacks\.x=.*: expected a part with _target_"),
    ],
)
def test_a_wrong_value_is_refused_in_a_line(typed, said):
    with pytest.raises(ConfigError, match=said):
        compose_checked("train", ["model=tiny", typed])


@pytest.mark.parametrize(
    "typed",
    [
        "callbacks=[]",
        "paths.runs=${oc.env:HOME}",
        "cluster=null",
        "debug=null",
        "callbacks=[ema]",
        "logger=none",
        "~windows.brain",
        "model.net.size=64",
        "windows.brain.mean=null",
        "loss=focal",
        "model.net.neighbour_mm=5",
        "+windows.mine={centre: 40, width: 80}",
    ],
)
def test_what_is_meant_is_taken(typed):
    assert compose_checked("train", ["model=tiny", typed])


def test_a_page_whose_value_is_of_another_type_than_its_target_takes_is_refused():
    page = {"augment": {"_target_": "ich.data.augment.Light", "rotate": "left"}}

    found = list(complaints(SCHEMAS["train"], page, before=page))

    assert "augment.rotate=left: expected a number, found 'left'" in found
