"""FastAGI servers under test: `agi_servers.py NAME PORT`. Each runs one call: answer, three prompts, digits, hang up.

Only the library that is named is imported: each runs in its own environment.
"""

import asyncio
import sys

FILES = ("welcome", "menu", "choose")


def voicedesk(port: int) -> None:
    from voicedesk.agi.call import AgiCall
    from voicedesk.agi.server import AgiLimits, AgiServer

    async def serve(call: AgiCall) -> None:
        await call.answer()
        await call.say(FILES, keys="#")
        await call.command("GET DATA", "enter", 5000, 4)
        await call.hangup()

    async def run() -> None:
        server = AgiServer(serve, AgiLimits(sessions=1000, environment_seconds=30))
        async with server.listening("127.0.0.1", port):
            await asyncio.Event().wait()

    asyncio.run(run())


def panoramisk(port: int) -> None:
    from panoramisk import fast_agi

    async def serve(request) -> None:
        await request.send_command("ANSWER")
        for file in FILES:
            await request.send_command(f'STREAM FILE "{file}" "#"')
        await request.send_command('GET DATA "enter" 5000 4')
        await request.send_command("HANGUP")

    async def run() -> None:
        app = fast_agi.Application(loop=asyncio.get_running_loop())
        app.add_route("ivr", serve)
        server = await asyncio.start_server(app.handler, "127.0.0.1", port, backlog=512)
        async with server:
            await server.serve_forever()

    asyncio.run(run())


def pystrix(port: int) -> None:
    from pystrix.agi import core, fastagi

    def serve(agi, *_) -> None:
        agi.execute(core.Answer())
        for file in FILES:
            agi.execute(core.StreamFile(file, "#"))
        agi.execute(core.GetData("enter", 5000, 4))
        agi.execute(core.Hangup())

    server = fastagi.FastAGIServer(port=port)
    server.register_script_handler(None, serve)
    server.serve_forever()


def pyst2(port: int) -> None:
    """Its own server module does not import on Python 3: its AGI class behind a forking server, as it advises."""
    import os
    import socketserver

    from asterisk.agi import AGI

    quiet = open(os.devnull, "w")  # noqa: SIM115 -- for as long as the process lives

    class Out:
        def __init__(self, file) -> None:
            self._file = file

        def write(self, text: str) -> None:
            self._file.write(text.encode())

        def flush(self) -> None:
            self._file.flush()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            agi = AGI(stdin=self.rfile, stdout=Out(self.wfile), stderr=quiet)
            agi.answer()
            for file in FILES:
                agi.stream_file(file, "#")
            agi.get_data("enter", 5000, 4)
            agi.hangup()

    class Server(socketserver.ForkingMixIn, socketserver.TCPServer):
        allow_reuse_address = True
        request_queue_size = 512
        max_children = 200

    Server(("127.0.0.1", port), Handler).serve_forever()


def starpy(port: int) -> None:
    from starpy import fastagi
    from twisted.internet import defer, reactor

    @defer.inlineCallbacks
    def serve(agi):
        yield agi.answer()
        for file in FILES:
            yield agi.streamFile(file, "#")
        yield agi.getData("enter", 5.0, 4)
        yield agi.hangup()
        agi.finish()

    reactor.listenTCP(port, fastagi.FastAGIFactory(serve), backlog=512, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    {one.__name__: one for one in (voicedesk, panoramisk, pystrix, pyst2, starpy)}[sys.argv[1]](int(sys.argv[2]))
