"""What Jinja2 3.1.6 makes of the templates beside it, set up as transformers 5.18 does. Writes expected.json."""

import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    """The tag around what a model is trained to write: transformers' own, which gives its content."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, indent=None):
    return json.dumps(value, ensure_ascii=False, indent=indent)


CONVERSATIONS = [
    [{"role": "user", "content": "Hi there. "}, {"role": "assistant", "content": " Hello!\n"}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": 'What is 2 < 3 & "so"?\n\nTell {{ me }} {% raw %}.'},
        {"role": "assistant", "content": "It is 'true'."},
        {"role": "user", "content": "Why? 漢字 😀"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nBecause.\u00a0"},
    ],
    [{"role": "user", "content": ""}],
    [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    [
        {"role": "user", "content": "Is it warm?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "warmth", "arguments": {"place": "Köln", "days": 2}}}],
        },
        {"role": "tool", "content": "21"},
        {"role": "assistant", "content": "Yes."},
    ],
]

here = pathlib.Path(__file__).parent
jinja = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
)
jinja.filters["tojson"] = tojson
jinja.globals["raise_exception"] = refuse
expected = []
for file in sorted(here.glob("*.jinja")):
    template = jinja.from_string(file.read_text(encoding="utf-8"))
    for number, messages in enumerate(CONVERSATIONS):
        try:
            text = template.render(
                messages=messages, tools=None, documents=None, bos_token="", eos_token="</s>", add_generation_prompt=False
            )
        except (jinja2.exceptions.TemplateError, TypeError):
            text = None
        expected.append({"template": file.name, "conversation": number, "messages": messages, "expected": text})
(here / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
