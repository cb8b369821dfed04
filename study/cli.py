"""The commands, one function each, no logic.

A command imports what it runs inside its function, so that `study --help` is quick.
"""

import sys
from pathlib import Path
from typing import Any, Literal

import click

from study import __version__, storage
from study.interrupts import Interrupted

store_option = click.option(
    "--tracking-uri", default=storage.TRACKING_URI, show_default=True, help="MLflow's store."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
lang_option = click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="The report's language: English or Chinese.",
)

target_option = click.option(
    "--target", multiple=True, metavar="COL", help="The column to predict; give it again for another."
)


LONGEST_LINE = 1000
"""Characters of an error that are shown."""


class OneLine(click.ClickException):
    """What a person did wrong: one line on standard error, exit code 2."""

    exit_code = 2

    def format_message(self) -> str:
        """Return the message on one line, without a password that an argument may hold."""
        line = storage.hide_credentials(" ".join(self.message.split()))
        return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} ..."


class Commands(click.Group):
    """Shows every error that a person can mend as one line. Any other error is a bug and keeps its traceback."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Read the options that stand before the command's name."""
        if not args:
            # Click answers with the help.
            return super().make_context(info_name, args, *rest, **extra)
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except click.UsageError as error:
            raise OneLine(error.format_message()) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from study.errors import UserError

        try:
            return super().invoke(ctx)
        except UserError as error:
            raise OneLine(str(error)) from None
        except click.UsageError as error:
            raise OneLine(error.format_message()) from None
        except Interrupted as error:
            click.echo(f"interrupted: {error.advice}" if error.advice else "interrupted", err=True)
            sys.exit(error.exit_code)


def echo_json(content: Any) -> None:
    """Print dataclasses and plain values as JSON, in which a number that is not finite is null."""
    from pydantic_core import to_json

    click.echo(to_json(content, indent=2, inf_nan_mode="null"))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="study")
def main() -> None:
    """Tune linear regression with momentum, track it in MLflow, and see what the usual advice costs."""


@main.command("run", epilog="Example: study run --data houses.csv --target price")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option(
    "--data", "table", metavar="FILE", help="A table, CSV or Parquet, instead of the config's data."
)
@target_option
@click.option(
    "--drop", multiple=True, metavar="COL", help="A column to leave out; give it again for another."
)
@click.option("--group", metavar="COL", help="A column whose equal values stay in one part.")
@click.option("--time", metavar="COL", help="A column that orders the rows; later ones are held out.")
@click.option(
    "--metric", metavar="NAME", help="A scorer of scikit-learn to record beside the loss, such as r2."
)
@click.option("--trials", type=int, help="How many trials, instead of the config's n_trials.")
@click.option("--seed", type=int, help="Seed, instead of the config's.")
@click.option("--storage", help="Optuna's storage, instead of the config's.")
@click.option("--tracking-uri", help="MLflow's store, instead of the config's.")
@click.option("--resume", is_flag=True, help="Go on with the newest study of this name to its total.")
@click.option("--dry-run", is_flag=True, help="Check the config, say what would be done, touch no store.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show a line for each trial.")
@json_option
def run_command(
    config: Path | None,
    table: str | None,
    target: tuple[str, ...],
    drop: tuple[str, ...],
    group: str | None,
    time: str | None,
    metric: str | None,
    trials: int | None,
    seed: int | None,
    storage: str | None,
    tracking_uri: str | None,
    resume: bool,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Tune one study: that of a CONFIG, or of a table.

    The progress goes to standard error, the results to standard output.
    """
    from study import config as configs
    from study.commands import checks

    contradictions = {"--quiet and --verbose": quiet and verbose, "--dry-run and --json": dry_run and as_json}
    for names, are_given in contradictions.items():
        if are_given:
            raise click.UsageError(f"{names} are both given; leave one of them out")
    if config is None and table is None:
        raise click.UsageError(
            "name a config, or a table with --data FILE --target COL; configs/diabetes.toml is an example"
        )
    if config is not None:
        checks.check_is_config(config, f"give it with --data {config} --target COL")
    given = {
        "data.path": table,
        "data.target": [*target] or None,
        "data.drop": [*drop] or None,
        "data.group": group,
        "data.time": time,
        "search.metric": metric,
        "search.n_trials": trials,
        "seed": seed,
        "storage.optuna": storage,
        "storage.tracking_uri": tracking_uri,
    }
    loaded = configs.load(config, {key: value for key, value in given.items() if value is not None})
    if not dry_run:
        checks.check_run(loaded, resume=resume)
    data = checks.load_data(loaded)

    # Imported after the checks because it takes seconds.
    from study.commands import run

    if dry_run:
        click.echo(run.describe(data))
        return
    summary = run.run(loaded, data=data, resume=resume, quiet=quiet, verbose=verbose, path=config)
    if as_json:
        echo_json(summary)
    else:
        click.echo(run.table(summary, loaded.storage.tracking_uri))


@main.command("init", epilog="Example: study init houses.csv --target price")
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@target_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: the table's name with .toml.")
def init_command(table: Path, target: tuple[str, ...], output: Path | None) -> None:
    """Write a commented config for a table, CSV or Parquet."""
    if not target:
        raise click.UsageError("name the column to predict with --target COL")
    from study.commands import init

    click.echo(init.write_config(table, [*target], output))


@main.command("guidance", epilog="Example: study guidance --claims converges-faster,beta-near-0.9")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option(
    "--claims",
    help="Which claims, by id, with commas between. The practical rules are measured only if 'practical' is among the "
    "names. All of both if left out.",
)
@click.option("--budget", type=click.Choice(["quick", "full"]), default="quick", show_default=True)
@click.option("--seed", type=int, help="Seed, instead of the config's or 0.")
@lang_option
@click.option("--tracking-uri", help="MLflow's store, instead of the config's or mlruns/.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def guidance_command(
    config: Path | None,
    claims: str | None,
    budget: str,
    seed: int | None,
    lang: Literal["en", "zh"],
    tracking_uri: str | None,
    quiet: bool,
) -> None:
    """Grade the note's claims; CONFIG says where to and with which seed."""
    from study.commands import guidance

    ids = None if claims is None else [name.strip() for name in claims.split(",")]
    text, failed = guidance.grade_claims(config, ids, budget, seed, lang, tracking_uri, quiet)
    click.echo(text)
    sys.exit(1 if failed else 0)


@main.command("advise", epilog="Example: study advise houses.csv --target price")
@click.argument("config", metavar="CONFIG|FILE", type=click.Path(path_type=Path))
@target_option
@json_option
def advise_command(config: Path, target: tuple[str, ...], as_json: bool) -> None:
    """Say what the data's eigenvalues say about beta and eta; tune nothing.

    The data are a config's, or with --target those of a table, CSV or Parquet.
    """
    from study import config as configs
    from study.commands import checks

    if target and config.suffix != ".toml":
        loaded = configs.load(None, {"data.path": str(config), "data.target": [*target]})
    else:
        checks.check_is_config(config, "name the column to predict with --target COL")
        loaded = configs.load(config, {"data.target": [*target]} if target else None)

    # Imported after the config is read because it takes a second.
    from study.commands import advise

    if as_json:
        echo_json(advise.compute_advice(loaded))
    else:
        click.echo(advise.advise(loaded))


@main.command("list", epilog="Example: study list --json")
@json_option
@store_option
def list_command(as_json: bool, tracking_uri: str) -> None:
    """List the studies of a store, the newest first."""
    from study.commands import list_studies

    entries = list_studies.list_studies(tracking_uri)
    if as_json:
        echo_json(entries)
    else:
        click.echo(list_studies.table(entries))


@main.command("compare", epilog="Example: study compare houses#1 houses#2 -o compared.html")
@click.argument("names", metavar="A B", nargs=2)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write a page with both planes too.")
@lang_option
@store_option
def compare_command(
    names: tuple[str, str], output: Path | None, lang: Literal["en", "zh"], tracking_uri: str
) -> None:
    """Show two studies side by side: what they found, and what differs in their configs.

    A and B are a study's name and number as `study list` shows them, a name for its newest study, or a run's id.
    """
    from study.commands import compare

    click.echo(compare.table(compare.compare(tracking_uri, names, output, lang)))
    if output is not None:
        click.echo(f"\n{output}")


@main.command("report", epilog="Example: study report --lang zh -o report.html")
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The file that is written.",
)
@lang_option
@store_option
def report_command(run_id: str | None, output: Path, lang: Literal["en", "zh"], tracking_uri: str) -> None:
    """Write a report as one HTML file, in English or Chinese.

    RUN is MLflow's id of a study's run or of the guidance's; the newest study's if it is left out.
    """
    from study.commands import report

    report.write_report(tracking_uri, run_id, output, lang)
    click.echo(output)


@main.command("translate", epilog="Example: study translate --beta 0.9 --eta 0.1 --to pytorch")
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--beta", type=float, help="Momentum decay.")
@click.option("--eta", type=float, help="Learning rate.")
@click.option(
    "--solver", type=click.Choice(["momentum", "nesterov", "heavy_ball", "sgd"]), help="Default: momentum."
)
@click.option(
    "--schedule",
    type=click.Choice(["constant", "invscaling", "exponential", "cosine", "adaptive"]),
    help="Of the learning rate. Default: constant.",
)
@click.option("--alpha", type=float, help="L2 penalty. Default: 0.")
@click.option(
    "--to", type=click.Choice(["pytorch", "keras", "optax", "sklearn"]), help="One library instead of all."
)
@store_option
def translate_command(run_id: str | None, to: str | None, tracking_uri: str, **options: Any) -> None:
    """Print beta and eta as code that makes the same iterates in PyTorch, Keras, optax and scikit-learn.

    Give --beta and --eta, or the RUN of a study, whose best setting is translated (default: the newest study's).
    """
    from study.commands import translate
    from study.errors import ConfigError

    given = {name: value for name, value in options.items() if value is not None}
    if given and run_id is not None:
        raise ConfigError(f"--{next(iter(given))} and a run are both given; leave one of them out")
    settings = translate.given(**given) if given else translate.recorded(tracking_uri, run_id)
    click.echo(translate.code(settings, to), nl=False)


@main.command("ui", epilog="Example: study ui --port 5001")
@click.option("--port", type=click.IntRange(1, 65535), default=storage.UI_PORT, show_default=True)
@store_option
def ui_command(port: int, tracking_uri: str) -> None:
    """Show the store in MLflow's UI, on this machine only."""
    from study.commands import ui

    sys.exit(ui.serve(tracking_uri, port))
