"""What a user can mend, by kind, the exit codes of the commands, and what a library's error says in one line."""

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USER = 2
EXIT_PARTLY = 3
EXIT_STOPPED = 75  # by SIGTERM, its checkpoint written: EX_TEMPFAIL of sysexits.h, which schedulers start again
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141  # whoever read the output went away, as in `| head`: 128 + SIGPIPE, what a shell says then


class IchError(Exception):
    """Something the user can mend: one line with what was expected, what was found and what to do."""


class ConfigError(IchError):
    """An option that is unknown, mistyped, out of range or missing."""


class DataError(IchError):
    """Files, labels or a store that are not what was expected."""


class NoHeadCT(DataError):
    """Input without a readable head CT; the message says what was found instead."""


class CheckpointError(IchError):
    """A checkpoint that can't be used here."""


class Diverged(IchError):
    """A training whose net answers with nan or infinity: no further step mends it."""


DIVERGED_WAYS = (
    "the training has diverged: begin anew with a lower optimizer.lr, trainer.gradient_clip=1.0 or "
    "trainer.precision=32-true"
)


class LeakError(IchError):
    """Patients that stand on both sides of a split."""


def out_of_range(option: str, value: object, *, expected: str, advice: str = "") -> ConfigError:
    """The complaint about an option's value.

    >>> str(out_of_range("loss.gamma", -1, expected="0 or more", advice="0 is plain cross-entropy"))
    'loss.gamma=-1: expected 0 or more, found -1; 0 is plain cross-entropy'

    Args:
        option: what the user types for it.
        value: what was typed.
        expected: what would do.
        advice: what to do; the option's name where nothing is said.
    """
    return ConfigError(f"{option}={value}: expected {expected}, found {value}; {advice or f'set {option}'}")


def first_line(error: BaseException) -> str:
    r"""The first line of what an error says, or where it says nothing its kind.

    >>> first_line(ValueError("\nodd\nin line 3")), first_line(KeyboardInterrupt())
    ('odd', 'KeyboardInterrupt')
    """
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def one_line(error: BaseException) -> str:
    r"""All that an error says, its lines joined.

    >>> one_line(ValueError("odd\n  in line 3"))
    'odd in line 3'
    """
    return " ".join(str(error).split())
