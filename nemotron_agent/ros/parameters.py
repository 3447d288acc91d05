"""The node's parameters: names, defaults, ranges, and what they mean."""

import dataclasses
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from nemotron_agent.core.errors import ConfigurationError

AT_CONFIGURE = 'Takes effect at the next configure.'


@dataclasses.dataclass(frozen=True)
class _Parameter:
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether it may be on or off: what YAML makes booleans of, unless they are quoted."""
        return 'on' in self.choices


PARAMETERS = {
    'autostart': _Parameter(True, 'Configure and activate at start.'),
    'model': _Parameter(
        'nemotron-3-nano-4b',
        'Name in the model catalogue, path of a GGUF file, or scripted:FILE for a scripted model.',
    ),
    'skills_file': _Parameter('', 'Skill manifest; empty is the one shipped.'),
    'places_file': _Parameter('', 'Named places; empty is the file shipped.'),
    'policy_file': _Parameter('', 'Who may do what; empty is the policy shipped.'),
    'system_prompt_file': _Parameter(
        '', 'What the model is told first; empty is the text shipped.'
    ),
    'n_ctx': _Parameter(
        8192, 'Tokens the context holds; 0 chooses what there is memory for.', 0, 1048576
    ),
    'n_batch': _Parameter(512, 'Tokens handed over at once while reading.', 16, 8192),
    'n_ubatch': _Parameter(
        0,
        'Tokens evaluated at once while reading; 0 chooses by memory, at most n_batch and 512.',
        0,
        8192,
    ),
    'n_gpu_layers': _Parameter(-1, 'Layers on the GPU; -1 is all of them.', -1, 1000),
    'n_threads': _Parameter(0, 'CPU threads; 0 is one for each physical core.', 0, 256),
    'snapshot_slots': _Parameter(
        4,
        'States of the context to keep, for switching among conversations; -1 chooses by memory.',
        -1,
        63,
    ),
    'kv_type': _Parameter(
        'f16',
        'Type of the KV cache; auto chooses by memory.',
        choices=('auto', 'f16', 'q8_0', 'q4_0'),
    ),
    'memory_budget': _Parameter(
        'auto',
        'Most memory of this process: an amount such as 3GiB, a share of all such as 60%, or auto '
        'for what the machine has available.',
    ),
    'memory_reserve_mb': _Parameter(
        512, 'Memory of the machine to leave to others, of what it has available [MB].', 0, 1048576
    ),
    'memory_low_mb': _Parameter(
        200,
        'With less memory free than this the agent uses less step by step: fewer snapshots, a '
        'smaller context, then it deactivates itself until there is plenty again [MB]; 0 watches '
        'nothing.',
        0,
        1048576,
    ),
    'flash_attention': _Parameter('auto', 'Flash attention.', choices=('auto', 'on', 'off')),
    'reply_protocol': _Parameter(
        'auto',
        'What replies look like: always one call, or text and calls; auto asks the catalogue.',
        choices=('auto', 'call_only', 'native'),
    ),
    'tool_format': _Parameter(
        'auto',
        'How calls are written; auto finds it from the chat template.',
        choices=('auto', 'hermes', 'nemotron'),
    ),
    'thinking': _Parameter(
        'off',
        'Reason before replies: off, on, or auto (for several steps, and after a failure).',
        choices=('off', 'on', 'auto'),
    ),
    'temperature': _Parameter(
        -1.0, 'Randomness of text and reasoning; 0 is none, -1 asks the catalogue.', -1.0, 2.0
    ),
    'top_p': _Parameter(
        -1.0, 'Share of the probability to choose from; -1 asks the catalogue.', -1.0, 1.0
    ),
    'call_temperature': _Parameter(
        -1.0, 'The same inside calls; 0 makes a command repeat, -1 asks the catalogue.', -1.0, 2.0
    ),
    'call_top_p': _Parameter(
        -1.0, 'Share of the probability to choose from inside calls; -1 as above.', -1.0, 1.0
    ),
    'seed': _Parameter(0, 'Seed of the choice of tokens.', 0, 2**31 - 1),
    'max_reply_tokens': _Parameter(512, 'Limit of one reply, without its reasoning.', 16, 32768),
    'max_thinking_tokens': _Parameter(512, 'Limit of the reasoning of one reply.', 0, 32768),
    'warm_start_mb': _Parameter(
        512,
        'Disk for the state after system prompt and tools, so that a restart does not read them '
        'again [MB]; 0 keeps none.',
        0,
        1048576,
    ),
    'doubt': _Parameter(
        'auto',
        'Look twice at calls, and hold back those whose tool or values the command does not tell; '
        'auto is for models that need it.',
        choices=('auto', 'on', 'off'),
    ),
    'max_steps': _Parameter(12, 'Replies asked of the model in one task.', 1, 100),
    'max_bad_calls': _Parameter(3, 'Calls in one task that cannot be run.', 0, 100),
    'max_repeats': _Parameter(2, 'Calls in one task that go round in circles.', 0, 100),
    'max_calls': _Parameter(20, 'Calls of skills passed on in one task.', 1, 1000),
    'progress_notes': _Parameter(
        'auto',
        'Tell the model beside each result how far the command is done; auto is for models whose '
        'replies are always calls, without doubt.',
        choices=('auto', 'on', 'off'),
    ),
    'keep_turns': _Parameter(
        4, 'Newest turns of a conversation that stay as they are when it is compacted.', 0, 100
    ),
    'compact_to': _Parameter(
        0.5,
        "Share of a conversation's room in the context that stays filled when it is compacted.",
        0.1,
        0.9,
    ),
    'summary_tokens': _Parameter(
        200,
        'Limit of the summary of old turns that the model writes when idle; 0 has none written.',
        0,
        2048,
    ),
    'max_result_characters': _Parameter(
        2000, 'Of a longer result of a tool the model is told head and tail.', 200, 20000
    ),
    'task_timeout_sec': _Parameter(300.0, 'Limit for a task that sets none [s].', 0.1, 86400.0),
    'cancel_orphans': _Parameter(
        True, 'Cancel a task of ~/execute_task whose client has gone from the ROS graph.'
    ),
    'confirm_timeout_sec': _Parameter(
        60.0,
        'Time an operator has to confirm a request; after it the request is denied [s].',
        1.0,
        3600.0,
    ),
    'confirm_by_another': _Parameter(
        False, 'Whether who asks for a thing (its origin) may not confirm it (as operator_id).'
    ),
    'server_wait_sec': _Parameter(2.0, 'Time given to a skill to be there [s].', 0.0, 60.0),
    'cancel_wait_sec': _Parameter(
        5.0,
        'Time a skill that is told to end has for it; after that its end is unknown [s].',
        0.1,
        60.0,
    ),
    'phrases_file': _Parameter(
        '', 'Phrases that call a skill without the model; empty is the file shipped.'
    ),
    'stop_words_file': _Parameter('', 'Words that stop the robot; empty is the file shipped.'),
    'stop_velocity_topic': _Parameter(
        '', 'Where zero velocity is published at a stop, such as cmd_vel; empty is nowhere.'
    ),
    'stop_velocity_stamped': _Parameter(
        False, 'Publish it as geometry_msgs/TwistStamped, not Twist.'
    ),
    'operator_heartbeat_sec': _Parameter(
        0.0,
        'Stop an active agent after so long without a message on operator_heartbeat [s]; 0 is '
        'never.',
        0.0,
        3600.0,
    ),
    'queue_size': _Parameter(8, 'Tasks that may wait.', 1, 64),
    'max_parallel_tasks': _Parameter(1, 'Tasks of different conversations at once.', 1, 8),
    'max_command_bytes': _Parameter(4096, 'Longest command taken [bytes of UTF-8].', 1, 1048576),
    'max_conversations': _Parameter(16, 'Conversations held in memory.', 1, 1024),
    'keep_conversations_days': _Parameter(
        30,
        'Conversations not used for longer are deleted from the disk [days]; 0 keeps none there.',
        0,
        36500,
    ),
    'conversations_mb': _Parameter(
        64, 'Disk for conversations; the oldest give way [MB]; 0 keeps none there.', 0, 1048576
    ),
    'default_conversation': _Parameter('default', 'Conversation of commands that name none.'),
    'audit_folder': _Parameter(
        '',
        'Where the record is kept, in a folder named after the node; empty is the state folder.',
    ),
    'audit_required': _Parameter(
        True, 'Deny what cannot be recorded; false lets it run, and warns.'
    ),
    'audit_file_mb': _Parameter(16, 'Size of a file of the record [MB].', 1, 1024),
    'audit_files': _Parameter(
        16, 'Files of the record that are kept; the oldest is deleted for a new one.', 2, 100000
    ),
    'diagnostics_period_sec': _Parameter(1.0, 'Period of /diagnostics [s].', 0.1, 60.0),
}


class AgentParameters:
    """The values of PARAMETERS, read when made: `parameters.n_ctx`."""

    def __init__(self, node: Any) -> None:
        self._values = {name: node.get_parameter(name).value for name in PARAMETERS}
        for name, parameter in PARAMETERS.items():
            value = self._values[name]
            if parameter.is_switch and isinstance(value, bool):
                value = self._values[name] = 'on' if value else 'off'
            if parameter.choices and value not in parameter.choices:
                raise ConfigurationError(
                    f'parameter {name} is "{value}": choose one of {", ".join(parameter.choices)}'
                )

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__['_values'][name]
        except KeyError:
            raise AttributeError(name) from None


def declare_parameters(node: Any) -> None:
    """Declare all parameters on a node.

    Raises:
        rclpy.exceptions.ParameterException: a value given at start is out of range.
    """
    for name, parameter in PARAMETERS.items():
        node.declare_parameter(name, parameter.default, _descriptor(name, parameter))


def _descriptor(name: str, parameter: _Parameter) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        name=name, description=parameter.description, dynamic_typing=parameter.is_switch
    )
    if name not in ('autostart', 'diagnostics_period_sec'):
        descriptor.description += ' ' + AT_CONFIGURE
    if parameter.choices:
        descriptor.additional_constraints = 'one of ' + ', '.join(parameter.choices)
    low, high = parameter.minimum, parameter.maximum
    if low is None or high is None:
        return descriptor
    if isinstance(parameter.default, float):
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    else:
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return descriptor
