"""Results of an earlier run of the same conversations with a model at an endpoint."""

import json
from collections.abc import Sequence
from typing import Any

from nemotron_agent.evaluation.run_settings import RunSettings
from nemotron_agent.evaluation.suite import Suite
from nemotron_agent.evaluation.suite_run import ScoredTurn, scored_turns

Group = dict[tuple[str, str], dict[str, Any]]


def server_turns(
    records: Sequence[dict[str, Any]], suite: Suite, settings: RunSettings
) -> list[ScoredTurn] | None:
    """Score the latest run with an endpoint that held every conversation of a suite.

    It counts only with the same skills and prompt, and if both runs were dry or both were not.

    Returns:
        The turns of its first repeat; None if there is no such run.
    """
    for group in reversed(_groups(records, settings.dry)):
        keys = [(entry.digest, entry.robot.digest) for entry in suite.entries]
        if all(key in group for key in keys):
            return [
                turn
                for entry, key in zip(suite.entries, keys, strict=True)
                for turn in scored_turns(entry, 0, group[key]['turns'])
            ]
    return None


def _groups(records: Sequence[dict[str, Any]], dry: bool) -> list[Group]:
    """Records of runs with an endpoint, by their settings, the latest last."""
    groups: dict[str, Group] = {}
    for record in records:
        settings = record['settings']
        if settings['endpoint'] and settings['dry'] == dry and record['repeat'] == 0:
            name = json.dumps(settings, sort_keys=True)
            group = groups.pop(name, {})
            group[record['digest'], record['robot_digest']] = record
            groups[name] = group
    return list(groups.values())
