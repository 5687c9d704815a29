"""`ich COMMAND options`: the same commands as the files at the root, for an installed package."""

import sys

from ich.errors import EXIT_OK, EXIT_USER

COMMANDS = {
    "prepare": "DICOM in, a store ready to train on out",
    "train": "a store in, a trained stage out",
    "evaluate": "a checkpoint and a store in, scores with intervals out",
    "predict": "an ensemble and unseen DICOM in, scores and pages out",
    "demo": "the whole road on made heads",
    "results": "docs/results.md from the rows in docs/results/",
    "heads": "a figure of made heads, beside real ones where they are",
}


def main() -> int:
    """Entry point of the `ich` script."""
    command, *arguments = sys.argv[1:] or ["--help"]
    if command in ("-h", "--help"):
        print("ich COMMAND [key=value ...]\n")
        print("\n".join(f"  {name:<10}{text}" for name, text in COMMANDS.items()))
        print("\n  ich COMMAND --help says the options of each")
        return EXIT_OK
    if command == "--version":
        import ich

        print(ich.__version__)
        return EXIT_OK
    if command not in COMMANDS:
        from ich.commands.configuration.check import nearest

        print(f"error: {command}: no such command{nearest(command, list(COMMANDS))}", file=sys.stderr)
        return EXIT_USER
    from ich.commands.entry import run

    return run(command, arguments)


if __name__ == "__main__":
    sys.exit(main())
