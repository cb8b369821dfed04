"""The commands, one function each, no logic."""

import sys
from pathlib import Path

import click

store_option = click.option(
    "--tracking-uri", default="sqlite:///mlruns/mlflow.db", show_default=True, help="MLflow's store."
)


class OneLine(click.ClickException):
    """What a person did wrong: one line on standard error, exit code 2."""

    exit_code = 2

    def format_message(self) -> str:
        return " ".join(self.message.split())


class Commands(click.Group):
    """Turns the errors that name a mend into one line; any other is a bug and keeps its traceback."""

    def invoke(self, ctx):
        from study.errors import UserError

        try:
            return super().invoke(ctx)
        except UserError as error:
            raise OneLine(str(error)) from None
        except KeyboardInterrupt:
            raise click.Abort from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main():
    """Tune linear regression with momentum, track it in MLflow, and see what the usual advice costs."""


@main.command("run")
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--trials", type=int, help="How many trials, instead of the config's n_trials.")
@click.option("--seed", type=int, help="Seed, instead of the config's.")
@click.option("--storage", help="Optuna's storage, instead of the config's.")
@click.option("--tracking-uri", help="MLflow's store, instead of the config's.")
@click.option("--resume", is_flag=True, help="Go on with the newest study of this name to its total.")
@click.option("--dry-run", is_flag=True, help="Check the config, say what would be done, touch no store.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def run_command(config, trials, seed, storage, tracking_uri, resume, dry_run, quiet):
    """Tune one study."""
    from study import config as configs
    from study.commands import run

    given = {
        "search.n_trials": trials,
        "seed": seed,
        "storage.optuna": storage,
        "storage.tracking_uri": tracking_uri,
    }
    loaded = configs.load(config, {key: value for key, value in given.items() if value is not None})
    if dry_run:
        click.echo(run.describe(loaded))
        return
    click.echo(run.table(run.run(loaded, resume=resume, quiet=quiet)))


@main.command("guidance")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("--claims", help="Which claims, by id, with commas between; all if left out.")
@click.option("--budget", type=click.Choice(["quick", "full"]), default="quick", show_default=True)
@click.option("--seed", type=int, help="Seed, instead of the config's or 0.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--tracking-uri", help="MLflow's store, instead of the config's or mlruns/.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def guidance_command(config, claims, budget, seed, lang, tracking_uri, quiet):
    """Grade the note's claims; CONFIG says where to and with which seed."""
    from study.commands import run

    ids = None if claims is None else [name.strip() for name in claims.split(",")]
    text, failed = run.guidance(config, ids, budget, seed, lang, tracking_uri, quiet)
    click.echo(text)
    sys.exit(1 if failed else 0)


@main.command("advise")
@click.argument("config", type=click.Path(path_type=Path))
def advise_command(config):
    """Say what the data's eigenvalues say about beta and eta; tune nothing."""
    from study import config as configs
    from study.commands import advise

    click.echo(advise.advise(configs.load(config)))


@main.command("report")
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("report.html"), show_default=True
)
@store_option
def report_command(run_id, output, tracking_uri):
    """Write a study's report (default: the newest study's) as one HTML file."""
    from study.commands import run

    text = run.stored_report(tracking_uri, run_id)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OneLine(f"-o {output}: cannot be written ({error.strerror})") from None
    click.echo(output)


@main.command("ui")
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@store_option
def ui_command(port, tracking_uri):
    """Show the store in MLflow's UI, on this machine only."""
    from study.commands import run

    sys.exit(run.serve(tracking_uri, port))
