"""Jobs and CronJobs as Kubernetes reads them: fields, defaults, refusals, and the moments of schedules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes import client

from gonogo.errors import GrammarError
from gonogo.manifests import schema_job
from gonogo.manifests.build import Reading
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.schedule import Schedule
from gonogo.manifests.shape import Struct
from gonogo.manifests.topology import CronJob, Job

Checked = Callable[[str], tuple[Finding, ...]]
Built = Callable[[str], Reading]

POD = (
    "{spec: {restartPolicy: Never, containers: [{name: job, image: 'job:1', "
    "resources: {limits: {cpu: 1, memory: 1Gi}}}]}}"
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def job_of(built: Built, spec: str = "", pod: str = POD) -> Job:
    """Return the Job with ``spec`` beside its template."""
    text = f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: nightly}}\nspec: {{{spec}template: {pod}}}\n"
    (job,) = built(text).topology.jobs
    return job


def cron_job_of(built: Built, spec: str = "", version: str = "v1") -> CronJob:
    """Return the CronJob with ``spec`` beside its schedule and template."""
    text = (
        f"apiVersion: batch/{version}\nkind: CronJob\nmetadata: {{name: nightly}}\n"
        f"spec: {{schedule: '19 * * * *', {spec}jobTemplate: {{spec: {{template: {POD}}}}}}}\n"
    )
    (cron_job,) = built(text).topology.cron_jobs
    return cron_job


@pytest.mark.parametrize(
    ("table", "kind"), [(schema_job.JOB_SPEC, client.V1JobSpec), (schema_job.CRON_JOB, client.V1CronJobSpec)]
)
def test_the_tables_have_the_fields_of_kubernetes(table: Struct, kind: type) -> None:
    """No field of Kubernetes' own client is called unknown, and none that it lacks is let through."""
    spec = table.fields["spec"].shape if "spec" in table.fields else table
    assert isinstance(spec, Struct)
    assert set(spec.fields) == set(kind.attribute_map.values())  # type: ignore[attr-defined] # the client has no stubs


def test_a_job_has_the_defaults_of_kubernetes(built: Built) -> None:
    """One Pod, six failures tolerated, no deadline, kept for good, started at once."""
    job = job_of(built)
    assert (job.completions, job.parallelism, job.indexed, job.backoff_limit) == (1, 1, False, 6)
    assert (job.active_deadline_s, job.ttl_s, job.suspended, job.kind) == (None, None, False, "Job")


def test_a_job_is_what_it_declares(built: Built) -> None:
    """Every field that changes how it runs is read."""
    job = job_of(
        built,
        "completionMode: Indexed, completions: 4, parallelism: 2, backoffLimit: 0, activeDeadlineSeconds: 60, "
        "ttlSecondsAfterFinished: 0, suspend: true, ",
    )
    assert (job.completions, job.parallelism, job.indexed, job.backoff_limit) == (4, 2, True, 0)
    assert (job.active_deadline_s, job.ttl_s, job.suspended) == (60.0, 0.0, True)


def test_parallelism_alone_means_a_queue_that_the_pods_share(built: Built) -> None:
    """Without completions one success is enough."""
    assert job_of(built, "parallelism: 3, ").completions is None


def test_a_cron_job_has_the_defaults_of_kubernetes(built: Built) -> None:
    """UTC, Allow, no starting deadline, three complete and one failed Job kept."""
    cron_job = cron_job_of(built)
    assert (cron_job.time_zone, cron_job.concurrency, cron_job.starting_deadline_s) == ("UTC", "Allow", None)
    assert (cron_job.successful_limit, cron_job.failed_limit, cron_job.suspended) == (3, 1, False)
    assert cron_job.job.kind == "CronJob"


def test_an_old_cron_job_is_read_as_todays_with_a_notice(built: Built, checked: Checked) -> None:
    """batch/v1beta1 is gone since 1.25, and its CronJob has the same fields."""
    assert cron_job_of(built, version="v1beta1") == cron_job_of(built)
    text = (
        "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: nightly}\n"
        f"spec: {{schedule: '@daily', jobTemplate: {{spec: {{template: {POD}}}}}}}\n"
    )
    (notice,) = checked(text)
    assert (notice.rule, notice.severity) == ("api-version-converted", Severity.NOTICE)
    assert "since 1.25; it was read as batch/v1" in notice.consequence


@pytest.mark.parametrize(
    ("spec", "pod", "field", "consequence"),
    [
        ("", POD.replace("Never", "Always"), "spec.template.spec.restartPolicy", "cannot have Always"),
        ("", POD.replace("restartPolicy: Never, ", ""), "spec.template.spec.restartPolicy", "cannot have Always"),
        ("completionMode: Indexed, ", POD, "spec.completionMode", "without completions"),
        ("completionMode: indexed, ", POD, "spec.completionMode", "'indexed' is not allowed"),
        ("activeDeadlineSeconds: 0, ", POD, "spec.activeDeadlineSeconds", "out of range"),
        ("backoffLimitPerIndex: 1, ", POD, "spec.backoffLimitPerIndex", "no indexes"),
        ("selector: {matchLabels: {app: x}}, ", POD, "spec.selector", "Kubernetes' own"),
    ],
)
def test_a_job_that_kubernetes_refuses_is_an_error(
    checked: Checked, spec: str, pod: str, field: str, consequence: str
) -> None:
    """The finding names the field and the reason."""
    found = checked(f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: nightly}}\nspec: {{{spec}template: {pod}}}\n")
    (error,) = [finding for finding in found if finding.severity is Severity.ERROR]
    assert error.field == field
    assert consequence in error.consequence


def test_rules_about_failed_pods_are_a_warning(checked: Checked) -> None:
    """PodFailurePolicy is not followed, and the finding says what happens instead."""
    rules = "podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}, "
    found = checked(f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: nightly}}\nspec: {{{rules}template: {POD}}}\n")
    (warning,) = found
    assert (warning.rule, warning.severity) == ("field-not-honoured", Severity.WARNING)
    assert "counts against backoffLimit" in warning.consequence


def test_pods_of_jobs_are_checked_as_others_are(checked: Checked) -> None:
    """An image without a version in a CronJob's template is a warning."""
    text = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\n"
        f"spec: {{schedule: '@daily', jobTemplate: {{spec: {{template: {POD.replace('job:1', 'job')}}}}}}}\n"
    )
    assert [finding.rule for finding in checked(text)] == ["image-latest"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("19 * * * *", "2026-03-01 12:19"),
        ("*/20 13 * * *", "2026-03-01 13:00"),
        ("50/5 * * * *", "2026-03-01 12:50"),
        ("0 0 * * MON", "2026-03-02 00:00"),
        ("0 0 13 * FRI", "2026-03-06 00:00"),
        ("0 0 */31 * FRI", "2026-03-06 00:00"),
        ("0 0 ? * 0", "2026-03-08 00:00"),
        ("0 6 1 JAN,apr *", "2026-04-01 06:00"),
        ("@weekly", "2026-03-08 00:00"),
        ("@every 1h30m", "2026-03-01 13:30"),
    ],
)
def test_a_schedule_means_what_kubernetes_takes_it_for(text: str, first: str) -> None:
    """Steps, names and macros; where both day fields are limited, either may match."""
    (due,) = Schedule(text).next_times(NOON, 1)
    assert f"{due:%Y-%m-%d %H:%M}" == first


@pytest.mark.parametrize(
    "text",
    [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *",
        "5-1 * * * *", "1,, * * * *", "a * * * *", "TZ=UTC 0 0 * * *", "@reboot", "@every 10ms", "* * L * *",
    ],
)  # fmt: skip
def test_what_kubernetes_refuses_is_refused(text: str) -> None:
    """The message says what is wrong, before anything runs."""
    with pytest.raises(GrammarError):
        Schedule(text)


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    """With the name that was given."""
    with pytest.raises(GrammarError, match="Europe/Atlantis"):
        Schedule("* * * * *", "Europe/Atlantis")


def test_a_schedule_is_in_its_own_time_zone() -> None:
    """Six in the morning in Berlin is five in UTC before the clocks go forward, and four after."""
    due = Schedule("0 6 * * *", "Europe/Berlin").next_times(datetime(2026, 3, 28, tzinfo=UTC), 2)
    assert [moment.astimezone(UTC).hour for moment in due] == [5, 4]
    assert due[0].tzinfo == ZoneInfo("Europe/Berlin")


def test_a_day_that_never_comes_has_no_moments() -> None:
    """30 February is a schedule that Kubernetes takes and never starts."""
    assert Schedule("0 0 30 2 *").next_times(NOON, 1) == ()


_MINUTES = st.lists(st.integers(0, 59), min_size=1, max_size=4, unique=True)
_HOURS = st.lists(st.integers(0, 23), min_size=1, max_size=4, unique=True)
_DAYS = st.lists(st.integers(1, 28), max_size=3, unique=True)
_WEEKDAYS = st.lists(st.integers(0, 6), max_size=3, unique=True)


@given(_MINUTES, _HOURS, _DAYS, _WEEKDAYS)
def test_the_next_moment_is_the_first_that_matches(
    minutes: list[int], hours: list[int], days: list[int], weekdays: list[int]
) -> None:
    """Compared with a walk over all hours of the coming weeks by the rule for the two day fields."""
    fields = [",".join(map(str, field)) or "*" for field in (minutes, hours, days)]
    (due,) = Schedule(f"{' '.join(fields)} * {','.join(map(str, weekdays)) or '*'}").next_times(NOON, 1)

    def day_matches(moment: datetime) -> bool:
        by_day, by_weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
        return (by_day or by_weekday) if days and weekdays else (not days or by_day) and (not weekdays or by_weekday)

    for hour in range(24 * 62):
        moment = NOON + timedelta(hours=hour)
        candidates = [moment.replace(minute=minute) for minute in sorted(minutes)]
        found = [each for each in candidates if each > NOON and each.hour in hours and day_matches(each)]
        if found:
            assert due == found[0]
            return
    pytest.fail("the walk was too short")
