"""The commands and their groups."""

import sys

import typer

from node.cli import (
    config,
    conformance,
    deliveries,
    demo,
    doctor,
    evaluate,
    exits,
    jobs,
    network,
    peers,
    phantom,
    qa,
    registry,
    risk,
    score,
    serve,
)

app = typer.Typer(
    name="calcium-node",
    help="A DICOM node that scores coronary calcium and sends the result back. Results are preliminary until a "
    "physician has verified them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Exit status: 0 done, 1 something failed, 2 usage, 3 at least one series was refused.",
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("score")(score.score)
app.command("evaluate")(evaluate.evaluate)
app.command("phantom")(phantom.phantom)
app.command("qa")(qa.qa)
app.command("risk")(risk.risk)
app.command("send")(network.send)
app.command("echo")(network.echo)
app.command("doctor")(doctor.doctor)
app.command("conformance")(conformance.conformance)
app.add_typer(jobs.app, name="jobs")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(peers.app, name="peers")
app.add_typer(config.app, name="config")
app.add_typer(registry.app, name="registry")


def run() -> None:
    """Run the command line; an error of ours ends as its sentence and status 1."""
    try:
        app()
    except Exception as fault:
        sentence = getattr(fault, "sentence", None)
        if not isinstance(sentence, str):
            raise
        sys.stderr.write(sentence + "\n")
        sys.exit(exits.FAILED)
