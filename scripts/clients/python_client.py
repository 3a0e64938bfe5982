"""Signs in with the Python MCP SDK and makes one call. Run by python.ts.

Arguments: the address of /mcp, the mode of the client, the tool's name, its arguments as JSON. The mode `sse` takes an
API key from the environment (AEGIS_KEY) and the older transport; the others sign in.
Prints `authorize <url>` when the person has to sign in and then reads the address they came back to from stdin;
prints `answer <json>` at the end.
"""

import asyncio
import json
import os
import sys
from urllib.parse import parse_qs, urlsplit

from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.sse import sse_client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

REDIRECT = "http://127.0.0.1:7779/callback"


class Storage:
    tokens = None
    client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


async def send_to(url):
    print("authorize", url, flush=True)


async def read_callback():
    line = await asyncio.to_thread(sys.stdin.readline)
    query = parse_qs(urlsplit(line.strip()).query)
    first = {key: values[0] for key, values in query.items()}
    return AuthorizationCodeResult(code=first["code"], state=first.get("state"), iss=first.get("iss"))


async def ask(transport, mode, tool, arguments):
    async with Client(transport, mode=mode) as client:
        tools = await client.list_tools()
        result = await client.call_tool(tool, arguments)
        answer = {
            "protocolVersion": client.session.protocol_version,
            "tools": [tool.name for tool in tools.tools],
            "isError": bool(result.is_error),
            "text": "\n".join(getattr(part, "text", "") for part in result.content),
        }
        print("answer", json.dumps(answer), flush=True)


async def main(url, mode, tool, arguments):
    if mode == "sse":
        headers = {"Authorization": "Bearer " + os.environ["AEGIS_KEY"]}
        await ask(sse_client(url + "/sse", headers=headers), "legacy", tool, arguments)
        return
    metadata = OAuthClientMetadata(
        client_name="The Python SDK",
        redirect_uris=[REDIRECT],
        token_endpoint_auth_method="none",
    )
    auth = OAuthClientProvider(url, metadata, Storage(), redirect_handler=send_to, callback_handler=read_callback)
    async with create_mcp_http_client(auth=auth) as http_client:
        await ask(streamable_http_client(url, http_client=http_client), mode, tool, arguments)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])))
