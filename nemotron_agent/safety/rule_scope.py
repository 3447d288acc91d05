"""Which calls a rule is about."""

import fnmatch

from nemotron_agent.core.origin import Origin
from nemotron_agent.safety.policy_file import Rule
from nemotron_agent.safety.skill_traits import SkillTraits

DOMAIN = 'domain:'


def covers(rule: Rule, skill: SkillTraits, origin: Origin) -> bool:
    """Whether a rule is about calls of a skill by an origin.

    A road alone stands for all names on it.
    """
    return covers_skill(rule, skill) and any(
        matches(pattern, origin.road) or matches(pattern, str(origin)) for pattern in rule.origins
    )


def covers_skill(rule: Rule, skill: SkillTraits) -> bool:
    """Whether a rule is about a skill."""
    return any(
        pattern.removeprefix(DOMAIN) in skill.domains
        if pattern.startswith(DOMAIN)
        else matches(pattern, skill.name)
        for pattern in rule.skills
    )


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern with `*` and `?` says; case matters."""
    return fnmatch.fnmatchcase(text, pattern)
