"""From operations to methods, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from tests.codegen.classes import ANSWERS_BY_HAND
from tests.codegen.operations import Job, Op, Resource
from tests.codegen.values import Values, name_of, target
from tests.codegen.wording import QUERY, meaning

Document = dict[str, Any]

EXPANDED = 4  # a body of up to so many plain fields is spelt out as arguments
RENAMED = {"type": "kind"}  # an argument must not hide one of Python's names


@attrs.frozen(kw_only=True)
class Asked:
    """An operation of the contract, read."""

    op: Op
    method: str
    path: str
    document: Document
    values: Values

    @property
    def ids(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def keyed(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return any("IdempotencyKey" in str(part.get("$ref")) for part in self.document.get("parameters", ()))

    @property
    def query(self) -> dict[str, Document]:
        """Its parameters, but for the cursor."""
        found = [part for part in self.document.get("parameters", ()) if part.get("in") == "query"]
        return {part["name"]: part for part in found if part["name"] != "token"}

    @property
    def body(self) -> str | None:
        """The schema of its JSON body."""
        content = self.document.get("requestBody", {}).get("content", {})
        return self.op.schema or (
            target(content["application/json"]["schema"]) if "application/json" in content else None
        )

    @property
    def takes_form(self) -> bool:
        """Whether it takes a file."""
        return "multipart/form-data" in self.document.get("requestBody", {}).get("content", {})

    @property
    def answer(self) -> str:
        """The schema of what it answers, or of each item of a list."""
        (good,) = [answer for status, answer in self.document["responses"].items() if status.startswith("2")]
        whole = self.values.schemas[str(target(good["content"]["application/json"]["schema"]))]
        data = whole["properties"]["data"]
        return str(target(data.get("items", data)))

    @property
    def kind(self) -> str:
        """The type of what it answers."""
        return ANSWERS_BY_HAND.get(self.answer) or name_of(self.answer, answer=True)

    @property
    def paged(self) -> bool:
        """Whether it is a list that comes in pages."""
        return bool(self.document.get("x-pagination", {}).get("fields-at") == "root")

    @property
    def expands(self) -> bool:
        """Whether its body is spelt out as arguments."""
        if self.body is None or "oneOf" in self.values.schemas[self.body]:
            return False
        fields = dict(self.values.fields(self.body))
        return len(fields) <= EXPANDED and not any(
            "oneOf" not in self.values.schemas.get(target(part) or "", {"oneOf": ()}) for part in fields.values()
        )


def ask(document: Document, values: Values, op: Op) -> Asked:
    """Return what the contract says of an operation."""
    method, _, path = op.where.partition(" ")
    return Asked(op=op, method=method, path=path, document=document["paths"][path][method.lower()], values=values)


def query_class(asked: Asked) -> str:
    """Return the class that checks an operation's parameters."""
    lines = ["@attrs.frozen(kw_only=True)", f"class {query_name(asked)}:", f'    """Source: `{asked.op.where}`."""', ""]
    for name, part in asked.query.items():
        lines.append(asked.values.request_field(name, part["schema"], required=part["required"]))
    return "\n".join(lines)


def query_name(asked: Asked) -> str:
    """Return the name of that class."""
    return f"_{asked.op.name.title().replace('_', '')}Query"


def checks_query(asked: Asked) -> bool:
    """Whether its parameters need a class."""
    return bool(asked.query) and asked.answer not in {"BatchDetail", "BulkStatusEntry"}


def job_functions(asked: Asked, job: Job) -> Iterator[str]:
    """Yield what follows a kind of job: its ends, the call that reads it, the handle."""
    (name,) = asked.ids
    more = [f"{field}=frozenset({f'{{{_words(words)}}}' if words else ''})" for field, words in _ends(job)]
    files = f"({_words(job.files)},)" if job.files else ""
    more += [f"files={files}"] if files else []
    yield f"_{job.of.upper()} = Ends({', '.join([f'subject={_text(job.of)}', *more])})"
    yield (
        f"def read_{job.of}({name}: str) -> Call[{asked.kind}]:\n"
        f'    """Return the call that reads one."""\n    return {_call(asked)}'
    )
    yield (
        f"def follow_{job.of}(caller: Caller, {name}: str, pace: polling.Pace) -> ServerJob[{asked.kind}]:\n"
        f'    """Return a handle on one."""\n'
        f"    return ServerJob(caller, {name}, read_{job.of}, _{job.of.upper()}, pace)"
    )


def _ends(job: Job) -> Iterator[tuple[str, tuple[str, ...]]]:
    if job.succeeded != ("completed",):
        yield "succeeded", job.succeeded
    if job.failed != ("failed",):
        yield "failed", job.failed


def job_method(asked: Asked, job: Job) -> str:
    """Return the method that finds a job again."""
    (name,) = asked.ids
    doc = "Return a handle on one that was begun earlier; asks nothing yet."
    more = f"\n\n        {job.doc}\n        " if job.doc else ""
    return (
        f"    def {job.name}(self, {name}: str) -> ServerJob[{asked.kind}]:\n"
        f'        """{doc}{more}"""\n'
        f"        return follow_{job.of}(self._caller, path_id({name}), polling.RESUMED)"
    )


def method(asked: Asked, resource: Resource, given: str | None) -> str:
    """Return the method of an operation.

    Args:
        asked: The operation.
        resource: Its resource.
        given: The type of the job that it gives.
    """
    if asked.paged:
        return _listing(asked)
    first, after, about = _arguments(asked)
    signature = ", ".join(["self", *first, "options: Options | None = None", *(["*", *after] if after else [])])
    if not first and after:
        signature = ", ".join(["self", "*", *after, "options: Options | None = None"])
    kind = _returned(asked, given)
    lines = [f"    async def {asked.op.name}({signature}) -> {kind}:", _docstring(asked, about)]
    if asked.takes_form:
        lines.append("        body, content_type = one_file(content, filename)")
    job = next((job for job in resource.jobs if job.get == asked.op.where), None)
    call = f"read_{job.of}({asked.ids[0]})" if job else _call(asked)
    lines += [f"        call = {call}", *_answered(asked)]
    return "\n".join(lines)


def _answered(asked: Asked) -> list[str]:
    if asked.op.gives is None:
        return ["        return await self._caller.send(call, options)"]
    function, field = asked.op.gives
    asking = "        created = await self._caller.send(call, options)"
    if function == "follow_video":
        return [asking, f"        return VideoJob(self._caller, created.{field}, polling.DIRECT)"]
    if field.endswith("[]"):
        each = f"{function}(self._caller, name, polling.DIRECT) for name in created.{field[:-2]}"
        return [asking, f"        return tuple({each})"]
    return [asking, f"        return {function}(self._caller, created.{field}, polling.DIRECT)"]


def _returned(asked: Asked, given: str | None) -> str:
    if asked.op.gives is None:
        return "Statuses" if asked.answer == "BulkStatusEntry" else asked.kind
    if asked.op.gives[0] == "follow_video":
        return "VideoJob"
    return f"tuple[ServerJob[{given}], ...]" if asked.op.gives[1].endswith("[]") else f"ServerJob[{given}]"


def _listing(asked: Asked) -> str:
    first = [f"{name}: str" for name, part in asked.query.items() if part["required"]]
    after: list[str] = []
    about: dict[str, str] = {}
    for name, part in asked.query.items():
        said = RENAMED.get(name, name)
        if name == "limit":
            after.append(f"limit: int = {part['schema']['maximum']}")
            about["limit"] = f"Items a page, 1 to {part['schema']['maximum']}."
            continue
        about[said] = meaning(name, {}) if name not in QUERY else QUERY[name]
        if not part["required"]:
            after.append(f"{said}: {asked.values.request_shape(name, part['schema']).type} | None = None")
    first = [RENAMED.get(line.partition(":")[0], line.partition(":")[0]) + ": str" for line in first]
    passed = ", ".join(f"{name}={RENAMED.get(name, name)}" for name in asked.query)
    return "\n".join(
        [
            f"    def {asked.op.name}({', '.join(['self', *first, '*', *after])}) -> Listing[{asked.kind}]:",
            _docstring(asked, about),
            f"        asked = wire.encode({query_name(asked)}({passed}))",
            f'        return Listing(self._caller, "{asked.path}", {asked.kind}, asked)',
        ]
    )


def _arguments(asked: Asked) -> tuple[list[str], list[str], dict[str, str]]:
    """Return arguments by position, by name, and what they mean."""
    first, after, about = [f"{name}: str" for name in asked.ids], list[str](), dict[str, str]()
    if asked.answer == "BulkStatusEntry":
        ids = next(name for name in asked.query if name != "batch_ids")
        return [f"{ids}: Iterable[str] = ()"], ["batch_ids: Iterable[str] = ()"], about
    if asked.takes_form:
        return ["content: bytes"], ["filename: str"], {"content": "The file.", "filename": "With its ending."}
    if asked.body is None or not asked.values.schemas[asked.body].get("properties", {"oneOf": 1}):
        return first, after, about
    if not asked.expands:
        kinds = " | ".join(name_of(arm) for arm in asked.values.arms(asked.body))
        return [*first, f"request: {kinds}"], after, about
    required = asked.values.schemas[asked.body].get("required", ())
    for name, part in asked.values.fields(asked.body):
        said, shape = RENAMED.get(name, name), asked.values.request_shape(name, part)
        about[said] = meaning(name, part)
        kind = shape.type.replace("tuple[", "Iterable[").replace(", ...]", "]")
        kind = f"{kind} | str" if shape.converter == "as_asset" else kind
        if name in required:
            first.append(f"{said}: {kind}")
        else:
            after.append(f"{said}: {kind} | None = None")
    after.append("extra: Mapping[str, Any] | None = None")
    return first, after, {**about, "extra": "Further fields."}


def _docstring(asked: Asked, about: dict[str, str]) -> str:
    title, *more = asked.op.doc.split("\n")
    lines = [f'        """{title}', *(f"        {line}" if line else "" for line in more)]
    if about:
        about = dict.fromkeys(asked.ids, "Whose.") | about
        lines += ["", "        Args:", *(f"            {name}: {said}" for name, said in about.items())]
        if not asked.paged:
            lines.append("            options: As for every call.")
    if asked.op.costs:
        lines += [
            "",
            "        Raises:",
            "            InsufficientCreditError: The account cannot pay; nothing was made.",
        ]
        if not asked.keyed:
            lines.append("            OutcomeUnknownError: Sent, perhaps made: look before you ask again.")
    tag = asked.values.tag(asked.op.schema) if asked.op.schema else None
    arm = f", `{tag[0]}: {tag[1]}`" if tag else ""
    return "\n".join([*lines, "", f"        Source: `{asked.op.where}`{arm}.", '        """'])


def _call(asked: Asked) -> str:
    path = re.sub(r"{(\w+)}", r"{path_id(\1)}", asked.path)
    parts = [
        f'method="{asked.method}"',
        f'path={"f" if asked.ids else ""}"{path}"',
        f'route="{asked.path}"',
        *_sent(asked),
        f"read=data_reader({'list[VideoStatus]' if asked.answer == 'BulkStatusEntry' else asked.kind})",
        *(["takes_key=True"] if asked.keyed else []),
        *(["costs=True"] if asked.op.costs else []),
        *(["idempotent=True"] if asked.op.again else []),
    ]
    return f"Call({', '.join(parts)})"


def _sent(asked: Asked) -> list[str]:
    if asked.answer == "BulkStatusEntry":
        ids = next(name for name in asked.query if name != "batch_ids")
        return [f"query=id_lists({ids}={ids}, batch_ids=batch_ids)"]
    if asked.answer == "BatchDetail":
        return [f'query={{"limit": {asked.query["limit"]["schema"]["maximum"]}}}']
    if asked.takes_form:
        return ["body=body", 'headers={"Content-Type": content_type}', "timeout=UPLOAD_SECONDS"]
    if asked.body is None:
        return []
    if not asked.expands:
        return [f"body=encode_request(request, {', '.join(name_of(arm) for arm in asked.values.arms(asked.body))})"]
    names = [*dict(asked.values.fields(asked.body)), "extra"]
    return [f"body=wire.encode({name_of(asked.body)}({', '.join(f'{n}={RENAMED.get(n, n)}' for n in names)}))"]


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _text(name: str) -> str:
    return f'"{name.replace("_", " ")}"'
