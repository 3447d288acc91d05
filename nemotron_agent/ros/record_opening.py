"""Opens a node's record, and says at its head what the agent is made of."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nemotron_agent
from nemotron_agent.core.agent import Agent
from nemotron_agent.core.resource_paths import state_directory
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import Tool
from nemotron_agent.llm.model_identity import model_identity
from nemotron_agent.llm.model_loading import ModelParameters
from nemotron_agent.ros.parameters import AgentParameters
from nemotron_agent.safety.audit_log import AuditLog
from nemotron_agent.safety.audit_writer import AuditLimits
from nemotron_agent.safety.recorder import Recorder


def open_record(node_name: str, parameters: AgentParameters) -> Recorder:
    """Take the folder of a node's record, by its full name; nothing is written yet.

    Raises:
        ConfigurationError: another node writes it.
    """
    given = parameters.audit_folder
    # A ROS name has no dots.
    own = node_name.strip('/').replace('/', '.')
    folder = Path(given).expanduser() if given else state_directory() / 'audit'
    limits = AuditLimits(parameters.audit_file_mb * 10**6, parameters.audit_files)
    return Recorder(AuditLog(folder.absolute() / own, limits), parameters.audit_required)


def heading(
    node_name: str,
    model: ModelParameters,
    files: Mapping[str, Path],
    tools: Sequence[Tool],
    agent: Agent,
    thinking: Thinking,
) -> dict[str, Any]:
    """What the record says of the agent: enough to run its tasks again without the robot.

    Args:
        node_name: full name.
        model: how the model was loaded.
        files: the configuration, by kind.
        tools: what may be called.
        agent: carries out tasks.
        thinking: where a task does not say.
    """
    return {
        'node': node_name,
        'package': nemotron_agent.__version__,
        'model': {**model_identity(model.model), 'parameters': dataclasses.asdict(model)},
        'config': {
            kind: {'file': str(path), 'sha256': _sha256(path)} for kind, path in files.items()
        },
        'tools': [_tool(tool) for tool in tools],
        'system_prompt': agent.system.content,
        'limits': dataclasses.asdict(agent.limits),
        'window': dataclasses.asdict(agent.window.rules),
        'progress_notes': agent.progress_notes,
        'thinking': thinking.value,
    }


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        **dataclasses.asdict(tool.spec),
        'datatype': tool.datatype,
        'interface': tool.interface_path,
        'resources': tool.resources,
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
