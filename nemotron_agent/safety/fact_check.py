"""A fact that is known and fresh, or why it is not."""

from nemotron_agent.core.fact import Fact, Facts
from nemotron_agent.safety.asked_call import Denial


def fresh_fact(facts: Facts, name: str, max_age_sec: float, rule: str) -> Fact | Denial:
    """Look up a fact; one that is missing, empty or too old is a denial."""
    fact = facts.look_up(name)
    if fact is None or fact.value is None:
        return Denial(rule, f'the robot has not said its {name}')
    if not fact.age_sec <= max_age_sec:
        return Denial(
            rule,
            f'what is known of the {name} is {fact.age_sec:.1f} s old and may be '
            f'{max_age_sec:g} s old',
        )
    return fact
