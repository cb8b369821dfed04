"""`python -m study`, and what the command `study` runs."""

from study.interrupts import end_at_a_signal

end_at_a_signal()  # before the commands are loaded, which takes a while

from study.cli import main  # noqa: E402

if __name__ == "__main__":
    main(prog_name="study")
