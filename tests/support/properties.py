"""How property-based tests are run."""

from hypothesis import HealthCheck, Phase, settings

quickly = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a failing run must end as soon as others
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
