"""A collector that reads spans with OpenTelemetry's own messages, and says what is wrong with them."""

import base64
import gzip
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.semconv._incubating.attributes import (
    error_attributes,
    gen_ai_attributes,
    http_attributes,
    server_attributes,
    service_attributes,
)

MODULES = [error_attributes, gen_ai_attributes, http_attributes, server_attributes, service_attributes]
NAMES = {
    value
    for module in MODULES
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
}
# Types as the conventions give them; all others of ours are texts.
NUMBERS = {name for name in NAMES if "_tokens" in name or name in ("server.port", "http.response.status_code")}
DECIMALS = {"gen_ai.response.time_to_first_chunk"}
OPERATIONS = {it.value for it in gen_ai_attributes.GenAiOperationNameValues}

spans = {}
# What another collector has understood of the same spans.
handed_on = {}
problems = []


def binary(span):
    """JSON of OTLP writes ids as hexadecimal digits, where JSON of protobuf has base64."""
    for name, size in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
        if name in span:
            raw = bytes.fromhex(span[name])
            if len(raw) != size or not any(raw):
                raise ValueError(f"{name} is {span[name]!r}")
            span[name] = base64.b64encode(raw).decode()


def taken(body):
    body = json.loads(body)
    for resource in body["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                binary(span)
    request = json_format.Parse(json.dumps(body), ExportTraceServiceRequest(), ignore_unknown_fields=False)
    for resource in request.resource_spans:
        if not any(it.key == "service.name" for it in resource.resource.attributes):
            problems.append("no service is named")
        for scope in resource.scope_spans:
            for span in scope.spans:
                looked_at(span)
                spans[(span.trace_id, span.span_id)] = span


def taken_on(body):
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                handed_on[(span.trace_id, span.span_id)] = span


def looked_at(span):
    def problem(words):
        problems.append(f"{span.name}: {words}")

    if not 10**18 < span.start_time_unix_nano <= span.end_time_unix_nano:
        problem(f"times {span.start_time_unix_nano} to {span.end_time_unix_nano}")
    seen = {}
    for attribute in span.attributes:
        name, value = attribute.key, attribute.value
        kind = value.WhichOneof("value")
        if name in seen:
            problem(f"{name} is there twice")
        seen[name] = getattr(value, kind or "string_value")
        if name not in NAMES and not name.startswith("patterns."):
            problem(f"{name} is no name of the conventions")
        if name in NAMES:
            wanted = "int_value" if name in NUMBERS else "double_value" if name in DECIMALS else "string_value"
            if kind != wanted:
                problem(f"{name} is {kind} and not {wanted}")
    if seen.get("server.address", "").count(":") == 1:
        problem(f"server.address {seen['server.address']} has a port, which has a name of its own")
    if span.name.startswith("chat "):
        if span.kind != Span.SPAN_KIND_CLIENT:
            problem("a call to a model is a client")
        for name in ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"):
            if not seen.get(name):
                problem(f"{name} is missing")
        if seen.get("gen_ai.operation.name") not in OPERATIONS:
            problem("the operation has no such name")
        if span.name != f"chat {seen.get('gen_ai.request.model')}":
            problem("its name is not that of operation and model")
        for name in ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"):
            if name in seen and not isinstance(json.loads(seen[name]), list):
                problem(f"{name} is no list")
    if span.status.code == span.status.STATUS_CODE_ERROR and not span.status.message:
        problem("an error says nothing")


def whole():
    """Every parent is there, above what it is the parent of, and each trace has one root."""
    found = list(problems)
    roots = {}
    for (trace, _), span in spans.items():
        if not span.parent_span_id:
            roots[trace] = roots.get(trace, 0) + 1
            continue
        parent = spans.get((trace, span.parent_span_id))
        if parent is None:
            found.append(f"{span.name}: its parent is nowhere")
        elif span.start_time_unix_nano < parent.start_time_unix_nano - 10**6:
            found.append(f"{span.name}: it begins before {parent.name}")
    for key, span in handed_on.items():
        if spans.get(key) != span:
            found.append(f"handed on otherwise: {span} and not {spans.get(key)}")
    traces = {trace for trace, _ in spans}
    found += [f"trace {it.hex()} has {roots.get(it, 0)} roots" for it in traces if roots.get(it) != 1]
    return {"spans": len(spans), "handed_on": len(handed_on), "traces": len(traces), "problems": found}


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            kind = self.headers["content-type"]
            if self.path == "/v1/traces" and kind == "application/x-protobuf":
                is_packed = self.headers["content-encoding"] == "gzip"
                taken_on(gzip.decompress(body) if is_packed else body)
            elif self.path == "/v1/traces" and kind == "application/json":
                taken(body)
            else:
                raise ValueError(f"{self.path} was sent {kind}")
            self.answer(200, {})
        except (ValueError, KeyError, OSError, DecodeError, json_format.ParseError) as error:
            problems.append(str(error))
            self.answer(400, {"message": str(error)})

    def do_GET(self):
        self.answer(200, whole())

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Collector)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
