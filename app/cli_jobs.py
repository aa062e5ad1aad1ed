"""`flask --app wsgi jobs …`: work that was given up, and another try of it."""

import uuid

import click

from app.domain.jobs import dead_jobs, revive
from app.domain.services import Services


@click.command("dead")
@click.pass_obj
def jobs_dead(services: Services) -> None:
    """List the jobs that were given up, oldest first."""
    with services.database.session(read_only=True) as session:
        for job in dead_jobs(session):
            click.echo(f"{job.id}  {job.kind}  {job.finished_at:%Y-%m-%d %H:%M:%S}  {job.last_error}")


@click.command("retry")
@click.argument("job", type=click.UUID)
@click.pass_obj
def jobs_retry(services: Services, job: uuid.UUID) -> None:
    """Give a job that was given up all its tries again. JOB is its id."""
    with services.database.session() as session:
        if not revive(session, job):
            raise click.ClickException(f"There is no dead job {job}.")
    click.echo("It is due now.")
