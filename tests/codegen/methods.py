"""Methods of operations, as source text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from tests.codegen.classes import ANSWERS_BY_HAND, CHANGES
from tests.codegen.operations import Job, Op, Resource
from tests.codegen.values import Values, clearable, line_of, name_of, target
from tests.codegen.wording import EXTRA, ID_OF, QUERY, UNSURE, is_unsure, meaning

Document = dict[str, Any]

EXPANDED = 4  # most fields of a body that become arguments of the method
RENAMED = {"type": "kind"}  # arguments must not shadow Python's names


@attrs.frozen(kw_only=True)
class ContractOperation:
    """One operation with the facts of the contract about it."""

    op: Op
    method: str
    path: str
    document: Document
    values: Values

    @property
    def ids(self) -> list[str]:
        """Names of the path parameters."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def keyed(self) -> bool:
        """True if the operation takes an Idempotency-Key."""
        return any("IdempotencyKey" in str(part.get("$ref")) for part in self.document.get("parameters", ()))

    @property
    def query(self) -> dict[str, Document]:
        """Query parameters except the cursor, by name."""
        found = [part for part in self.document.get("parameters", ()) if part.get("in") == "query"]
        return {part["name"]: part for part in found if part["name"] != "token"}

    @property
    def body(self) -> str | None:
        """Schema of the JSON body."""
        content = self.document.get("requestBody", {}).get("content", {})
        return self.op.schema or (
            target(content["application/json"]["schema"]) if "application/json" in content else None
        )

    @property
    def takes_form(self) -> bool:
        """True if the operation takes a form with a file."""
        return "multipart/form-data" in self.document.get("requestBody", {}).get("content", {})

    @property
    def answer(self) -> str:
        """Schema of the answer's data, or of each item of a list."""
        (good,) = [answer for status, answer in self.document["responses"].items() if status.startswith("2")]
        whole = self.values.schemas[str(target(good["content"]["application/json"]["schema"]))]
        data = whole["properties"]["data"]
        return str(target(data.get("items", data)))

    @property
    def kind(self) -> str:
        """Type of the answer's data."""
        return ANSWERS_BY_HAND.get(self.answer) or name_of(self.answer, answer=True)

    @property
    def paged(self) -> bool:
        """True for a list in pages."""
        return bool(self.document.get("x-pagination", {}).get("fields-at") == "root")

    @property
    def expands(self) -> bool:
        """True if the fields of the body become arguments of the method."""
        if self.body is None or "oneOf" in self.values.schemas[self.body]:
            return False
        fields = dict(self.values.fields(self.body))
        return len(fields) <= EXPANDED and not any(
            "oneOf" not in self.values.schemas.get(target(part) or "", {"oneOf": ()}) for part in fields.values()
        )


def read_operation(document: Document, values: Values, op: Op) -> ContractOperation:
    """Return an operation with the facts of the contract about it."""
    method, _, path = op.where.partition(" ")
    return ContractOperation(
        op=op, method=method, path=path, document=document["paths"][path][method.lower()], values=values
    )


def query_class(operation: ContractOperation) -> str:
    """Return the class that checks an operation's query parameters."""
    head = ["@attrs.frozen(kw_only=True)", f"class {query_name(operation)}:"]
    lines = [*head, f'    """Query parameters. Source: `{operation.op.where}`."""', ""]
    for name, part in operation.query.items():
        lines.append(operation.values.request_field(name, part["schema"], required=part["required"]))
    return "\n".join(lines)


def query_name(operation: ContractOperation) -> str:
    """Return the name of the class that checks an operation's query parameters."""
    return f"_{operation.op.name.title().replace('_', '')}Query"


def checks_query(operation: ContractOperation) -> bool:
    """Return True if the query parameters need a class."""
    return bool(operation.query) and operation.answer not in {"BatchDetail", "BulkStatusEntry"}


def job_functions(operation: ContractOperation, job: Job) -> Iterator[str]:
    """Yield the code for a kind of job: final statuses, the call that reads it, the handle."""
    (name,) = operation.ids
    more = [f"{field}=frozenset({f'{{{_words(words)}}}' if words else ''})" for field, words in _ends(job)]
    files = f"({_words(job.files)},)" if job.files else ""
    more += [f"files={files}"] if files else []
    yield f"_{job.of.upper()} = Ends({', '.join([f'subject={_text(job.of)}', *more])})"
    yield (
        f"def read_{job.of}({name}: str) -> Call[{operation.kind}]:\n"
        f'    """Return the call that reads a {job.of.replace("_", " ")}."""\n    return {_call(operation)}'
    )
    yield (
        f"def follow_{job.of}(caller: Caller, {name}: str, pace: polling.Pace) -> ServerJob[{operation.kind}]:\n"
        f'    """Return a handle on a {job.of.replace("_", " ")}."""\n'
        f"    return ServerJob(caller, {name}, read_{job.of}, _{job.of.upper()}, pace)"
    )


def _ends(job: Job) -> Iterator[tuple[str, tuple[str, ...]]]:
    if job.succeeded != ("completed",):
        yield "succeeded", job.succeeded
    if job.failed != ("failed",):
        yield "failed", job.failed


def job_method(operation: ContractOperation, job: Job) -> str:
    """Return the method that returns a handle on an earlier job."""
    (name,) = operation.ids
    doc = f"Return a handle on a {job.of.replace('_', ' ')} that was started earlier. No request is sent."
    more = f"\n\n        {job.doc}\n        " if job.doc else ""
    return (
        f"    def {job.name}(self, {name}: str) -> ServerJob[{operation.kind}]:\n"
        f'        """{doc}{more}"""\n'
        f"        return follow_{job.of}(self._caller, path_id({name}), polling.RESUMED)"
    )


def method(operation: ContractOperation, resource: Resource, given: str | None) -> str:
    """Return the method of an operation.

    Args:
        operation: The operation.
        resource: The resource of the operation.
        given: Type of the job for which the method returns a handle.
    """
    if operation.paged:
        return _listing(operation)
    first, after, about = _arguments(operation)
    signature = ", ".join(["self", *first, "options: Options | None = None", *(["*", *after] if after else [])])
    if not first and after:
        signature = ", ".join(["self", "*", *after, "options: Options | None = None"])
    kind = _returned(operation, given)
    lines = [f"    async def {operation.op.name}({signature}) -> {kind}:", _docstring(operation, about)]
    if operation.takes_form:
        lines.append("        body, content_type = one_file(content, filename)")
    job = next((job for job in resource.jobs if job.get == operation.op.where), None)
    call = f"read_{job.of}({operation.ids[0]})" if job else _call(operation)
    lines += [f"        call = {call}", *_answered(operation)]
    return "\n".join(lines)


def _answered(operation: ContractOperation) -> list[str]:
    if operation.op.gives is None:
        return ["        return await self._caller.send(call, options)"]
    function, field = operation.op.gives
    send = "        created = await self._caller.send(call, options)"
    if function == "follow_video":
        return [send, f"        return VideoJob(self._caller, created.{field}, polling.DIRECT)"]
    if field.endswith("[]"):
        handles = f"{function}(self._caller, name, polling.DIRECT) for name in created.{field[:-2]}"
        return [send, f"        return tuple({handles})"]
    return [send, f"        return {function}(self._caller, created.{field}, polling.DIRECT)"]


def _returned(operation: ContractOperation, given: str | None) -> str:
    if operation.op.gives is None:
        return "Statuses" if operation.answer == "BulkStatusEntry" else operation.kind
    if operation.op.gives[0] == "follow_video":
        return "VideoJob"
    return f"tuple[ServerJob[{given}], ...]" if operation.op.gives[1].endswith("[]") else f"ServerJob[{given}]"


def _listing(operation: ContractOperation) -> str:
    first = [
        f"{RENAMED.get(name, name)}: {operation.values.request_shape(name, part['schema']).type}"
        for name, part in operation.query.items()
        if part["required"]
    ]
    after: list[str] = []
    about: dict[str, str] = {}
    for name, part in operation.query.items():
        argument = RENAMED.get(name, name)
        if name == "limit":
            after.append(f"limit: int = {part['schema']['maximum']}")
            about["limit"] = f"Items per page, 1 to {part['schema']['maximum']}."
            continue
        about[argument] = meaning(name, {}) if name not in QUERY else QUERY[name]
        if not part["required"]:
            after.append(f"{argument}: {operation.values.request_shape(name, part['schema']).type} | None = None")
    passed = ", ".join(f"{name}={RENAMED.get(name, name)}" for name in operation.query)
    return "\n".join(
        [
            f"    def {operation.op.name}({', '.join(['self', *first, '*', *after])}) -> Listing[{operation.kind}]:",
            _docstring(operation, about),
            f"        parameters = wire.encode({query_name(operation)}({passed}))",
            f'        return Listing(self._caller, "{operation.path}", {operation.kind}, parameters)',
        ]
    )


def _arguments(operation: ContractOperation) -> tuple[list[str], list[str], dict[str, str]]:
    """Return the positional arguments, the keyword arguments, and the description of each."""
    first, after, about = [f"{name}: str" for name in operation.ids], list[str](), dict[str, str]()
    if operation.answer == "BulkStatusEntry":
        ids = next(name for name in operation.query if name != "batch_ids")
        return [f"{ids}: Iterable[str] = ()"], ["batch_ids: Iterable[str] = ()"], about
    if operation.takes_form:
        return (
            ["content: bytes"],
            ["filename: str"],
            {"content": "The file.", "filename": "File name with its extension."},
        )
    if operation.body is None or not operation.values.schemas[operation.body].get("properties", {"oneOf": 1}):
        return first, after, about
    if not operation.expands:
        kinds = " | ".join(name_of(arm) for arm in operation.values.arms(operation.body))
        return [*first, f"request: {kinds}"], after, about
    required = operation.values.schemas[operation.body].get("required", ())
    for name, part in operation.values.fields(operation.body):
        argument, shape = RENAMED.get(name, name), operation.values.request_shape(name, part)
        about[argument] = meaning(name, part)
        kind = shape.type.replace("tuple[", "Iterable[").replace(", ...]", "]")
        kind = f"{kind} | str" if shape.converter == "as_asset" else kind
        if operation.body in CHANGES and clearable(part):
            about[argument] += " None clears it."
            after.append(f"{argument}: {kind} | Unset | None = UNSET")
        elif name in required:
            first.append(f"{argument}: {kind}")
        else:
            after.append(f"{argument}: {kind} | None = None")
    after.append("extra: Mapping[str, Any] | None = None")
    return first, after, {**about, "extra": EXTRA}


def _docstring(operation: ContractOperation, about: dict[str, str]) -> str:
    title, *more = operation.op.doc.split("\n")
    lines = [f'        """{title}', *(f"        {line}" if line else "" for line in more)]
    if about:
        about = {name: ID_OF[name] for name in operation.ids} | about
        lines += ["", "        Args:", *(line_of(name, text, 12) for name, text in about.items())]
        if not operation.paged:
            lines.append("            options: Options of the call.")
    if operation.op.costs:
        lines += [
            "",
            "        Raises:",
            "            InsufficientCreditError: The account cannot pay; the request was not executed.",
        ]
        if not operation.keyed:
            lines.append("            OutcomeUnknownError: The request was sent and perhaps executed; look before you")
            lines.append("                send it again.")
    lines += ["", f"        {UNSURE}"] if is_unsure(operation.document) else []
    tag = operation.values.tag(operation.op.schema) if operation.op.schema else None
    arm = f", `{tag[0]}: {tag[1]}`" if tag else ""
    return "\n".join([*lines, "", f"        Source: `{operation.op.where}`{arm}.", '        """'])


def _call(operation: ContractOperation) -> str:
    path = re.sub(r"{(\w+)}", r"{path_id(\1)}", operation.path)
    parts = [
        f'method="{operation.method}"',
        f'path={"f" if operation.ids else ""}"{path}"',
        f'route="{operation.path}"',
        *_sent(operation),
        f"read=data_reader({'list[VideoStatus]' if operation.answer == 'BulkStatusEntry' else operation.kind})",
        *(["takes_key=True"] if operation.keyed else []),
        *(["costs=True"] if operation.op.costs else []),
        *(["idempotent=True"] if operation.op.idempotent else []),
    ]
    return f"Call({', '.join(parts)})"


def _sent(operation: ContractOperation) -> list[str]:
    if operation.answer == "BulkStatusEntry":
        ids = next(name for name in operation.query if name != "batch_ids")
        return [f"query=id_lists({ids}={ids}, batch_ids=batch_ids)"]
    if operation.answer == "BatchDetail":
        return [f'query={{"limit": {operation.query["limit"]["schema"]["maximum"]}}}']
    if operation.takes_form:
        return ["body=body", 'headers={"Content-Type": content_type}', "timeout=UPLOAD_SECONDS"]
    if operation.body is None:
        return []
    if not operation.expands:
        return [
            f"body=encode_request(request, {', '.join(name_of(arm) for arm in operation.values.arms(operation.body))})"
        ]
    names = [*dict(operation.values.fields(operation.body)), "extra"]
    return [f"body=wire.encode({name_of(operation.body)}({', '.join(f'{n}={RENAMED.get(n, n)}' for n in names)}))"]


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _text(name: str) -> str:
    return f'"{name.replace("_", " ")}"'
