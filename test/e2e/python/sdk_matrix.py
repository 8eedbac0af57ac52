"""The official Python SDK against a running gateway: prints one JSON object with what each feature gave.

Reads MILLRACE_URL and MILLRACE_KEY from the environment.
"""

import json
import os

from openai import NotFoundError, OpenAI

client = OpenAI(base_url=os.environ["MILLRACE_URL"] + "/v1", api_key=os.environ["MILLRACE_KEY"], max_retries=0, _strict_response_validation=True)
ANA = {"prompt": {"variables": {"customer_name": "Ana", "order_number": "1042"}}}
BROKEN = [{"role": "user", "content": "my rain jacket arrived broken"}]
SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"], "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object", "properties": {"order": {"enum": ["1042", "7"]}}, "required": ["order"], "additionalProperties": False}}}


def whole() -> str:
    answer = client.chat.completions.create(model="prompt:support-reply", messages=BROKEN, extra_body=ANA)
    return answer.choices[0].message.content or ""


def streamed() -> dict[str, object]:
    text, usage = "", None
    stream = client.chat.completions.create(model="prompt:support-reply", messages=BROKEN, stream=True, stream_options={"include_usage": True}, extra_body=ANA)
    for chunk in stream:
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    return {"text": text, "output_tokens": usage.completion_tokens if usage else None}


def structured() -> object:
    answer = client.chat.completions.create(
        model="millrace-support",
        messages=BROKEN,
        max_tokens=30,
        response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}},
    )
    return json.loads(answer.choices[0].message.content or "")


def tool() -> str:
    answer = client.chat.completions.create(model="millrace-support", messages=BROKEN, max_tokens=60, tools=[TOOL], tool_choice="required")
    call = (answer.choices[0].message.tool_calls or [])[0]
    return call.function.name if call.type == "function" else ""


def abort() -> bool:
    stream = client.chat.completions.create(model="millrace-support", messages=BROKEN, stream=True, max_tokens=200)
    next(iter(stream))
    stream.close()
    return True


def error_code() -> object:
    try:
        client.chat.completions.create(model="no-such-model", messages=BROKEN)
    except NotFoundError as error:
        return error.code
    return None


print(
    json.dumps(
        {
            "whole": whole(),
            "streamed": streamed(),
            "structured": structured(),
            "tool": tool(),
            "abort": abort(),
            "error_code": error_code(),
            "models": [model.id for model in client.models.list()],
        }
    )
)
