"""The streams of the source `http` as a manifest for Airbyte's own runner of such."""

import re

#: How a cursor that is a text is written, and one that is a number.
TEXT, SECONDS = "%Y-%m-%dT%H:%M:%SZ", "%s"
#: So many partitions and streams at a time, as in our own config.
CONCURRENCY = 4


def manifest(config: dict, incremental: bool) -> dict:
    """The whole of it. Without `incremental` no stream has a cursor, since it would filter by it."""
    streams = {stream["name"]: stream for stream in config["streams"]}
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": list(streams)[:1]},
        "streams": [_stream(config, streams, name, incremental) for name in streams],
        # The manifest is the whole config.
        "spec": {
            "type": "Spec",
            "connection_specification": {"type": "object", "additionalProperties": True},
        },
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": CONCURRENCY},
    }


def _stream(config: dict, streams: dict, name: str, incremental: bool) -> dict:
    stream = streams[name]
    declared = {
        "type": "DeclarativeStream",
        "name": name,
        "primary_key": stream["primary_key"],
        "retriever": _retriever(config, stream),
        "schema_loader": {
            "type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}},
        },
    }
    if incremental and "cursor" in stream:
        declared["incremental_sync"] = _cursor(stream)
    if "parent" in stream:
        parent = stream["parent"]
        declared["retriever"]["partition_router"] = {
            "type": "SubstreamPartitionRouter",
            "parent_stream_configs": [{
                "type": "ParentStreamConfig",
                "parent_key": parent["field"],
                "partition_field": parent["as"],
                "stream": _stream(config, streams, parent["stream"], incremental),
            }],
        }
    return declared


def _retriever(config: dict, stream: dict) -> dict:
    records = [part for part in stream.get("records", "").split("/") if part]
    return {
        "type": "SimpleRetriever",
        "requester": _requester(config, stream),
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": records},
        },
        "paginator": _paginator(stream),
    }


def _requester(config: dict, stream: dict) -> dict:
    requester = {
        "type": "HttpRequester",
        "url_base": config["url"],
        "path": _filled(stream["path"]),
        "http_method": "GET",
    }
    if "auth" in config:
        requester["authenticator"] = _authenticator(config["auth"])
    if "graphql" in stream:
        requester["http_method"] = "POST"
        requester["request_body_json"] = {"query": stream["graphql"]["query"]}
    query = {name: _filled(value) for name, value in stream.get("query", {}).items()}
    if stream.get("pages", {}).get("type") in ("next_url", "link"):
        # The address of the next page has its own.
        query = {name: _unless_paging(value) for name, value in query.items()}
    requester["request_parameters"] = query
    return requester


def _authenticator(auth: dict) -> dict:
    match auth["type"]:
        case "basic":
            return {
                "type": "BasicHttpAuthenticator",
                "username": auth["username"], "password": auth["password"],
            }
        case "api_key":
            return {
                "type": "ApiKeyAuthenticator",
                "api_token": auth["key"], "inject_into": _parameter(auth["name"]),
            }
        case "bearer":
            return {"type": "BearerAuthenticator", "api_token": auth["token"]}
    raise ValueError(auth["type"])


def _filled(text: str) -> str:
    """`{customer}` as the runner writes it."""
    return re.sub(r"\{(\w+)\}", r"{{ stream_partition.\1 }}", text)


def _unless_paging(value: str) -> str:
    inner = value.removeprefix("{{ ").removesuffix(" }}") if "{{" in value else repr(value)
    return f"{{{{ '' if next_page_token else {inner} }}}}"


def _paginator(stream: dict) -> dict:
    if "graphql" in stream:
        info = "response" + "".join(
            f"['{part}']" for part in stream["graphql"]["page_info"].split("/")[1:]
        )
        return _paged(
            _by_cursor(f"{info}['endCursor']", f"not {info}['hasNextPage']"),
            {"type": "RequestOption", "inject_into": "body_json", "field_path": ["variables", "after"]},
        )
    pages = stream.get("pages", {"type": "none"})
    path = {"type": "RequestPath"}
    match pages["type"]:
        case "next_url":
            following = f"response.get('{pages['pointer'][1:]}')"
            return _paged(_by_cursor(following, f"not {following}"), path)
        case "link":
            return _paged(_by_cursor("headers['link']['next']['url']", "'next' not in headers['link']"), path)
        case "cursor":
            strategy = _by_cursor(
                f"last_record['{pages['last_record']}']", f"not response.get('{pages['more'][1:]}')"
            )
            return _paged(strategy, _parameter(pages["query"]))
        case "number":
            strategy = {
                "type": "PageIncrement", "start_from_page": 1, "page_size": pages["size"],
                "inject_on_first_request": True,
            }
            size = {"page_size_option": _parameter(pages["size_query"])}
            return {**_paged(strategy, _parameter(pages["query"])), **size}
    return {"type": "NoPagination"}


def _paged(strategy: dict, token: dict) -> dict:
    return {
        "type": "DefaultPaginator", "pagination_strategy": strategy, "page_token_option": token,
    }


def _by_cursor(value: str, stop: str) -> dict:
    return {
        "type": "CursorPagination",
        "cursor_value": f"{{{{ {value} }}}}",
        "stop_condition": f"{{{{ {stop} }}}}",
    }


def _parameter(name: str) -> dict:
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}


def _cursor(stream: dict) -> dict:
    cursor = stream["cursor"]
    form = SECONDS if cursor["field"] == "created" else TEXT
    option = _parameter(cursor["query"])
    if "graphql" in stream:
        option = {
            "type": "RequestOption", "inject_into": "body_json",
            "field_path": ["variables", cursor["query"]],
        }
    return {
        "type": "DatetimeBasedCursor",
        "cursor_field": cursor["field"],
        "cursor_datetime_formats": [form],
        "datetime_format": form,
        # It can't begin without a moment, so it never sees the rows that have none.
        "start_datetime": {
            "type": "MinMaxDatetime", "datetime": "2000-01-01T00:00:00Z", "datetime_format": TEXT,
        },
        "start_time_option": option,
    }
