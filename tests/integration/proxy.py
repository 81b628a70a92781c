"""A TCP proxy whose network can be cut in the ways networks are cut."""

import contextlib
import socket
import struct
import threading


class _Line:
    """One connection through the proxy."""

    def __init__(self, client, server, forward_up, forward_down):
        self._sockets = (client, server)
        self._may_pass = {client: forward_up, server: forward_down}
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                # What may not pass is gone, and the sender's kernel believes that it arrived.
                if self._may_pass[source]:
                    sink.sendall(data)
        if self._may_pass[source]:
            self.close()

    def mute(self, up, down):
        """For good: as a router that has forgotten the connection."""
        client, server = self._sockets
        self._may_pass[client] &= not up
        self._may_pass[server] &= not down

    def reset(self):
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Passes connections on to `port` of this machine, until the network is cut."""

    def __init__(self, port):
        self._port = port
        self._lines = []
        self._silent = None  # of new connections: (up, down)
        self._lock = threading.Lock()
        self._listen(0)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]

    def _listen(self, port):
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                try:
                    server = socket.create_connection(("127.0.0.1", self._port), timeout=10)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                up, down = self._silent or (False, False)
                self._lines.append(_Line(client, server, not up, not down))

    def refuse(self):
        """Resets connections and refuses new ones."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            line.reset()

    def swallow(self, up=True, down=True):
        """Drops without a word what the agent says (up) or the server (down). New connections open all the same."""
        with self._lock:
            self._silent = (up, down)
            for line in self._lines:
                line.mute(up, down)

    def heal(self):
        """New connections get through. Those that were cut stay dead, and are not closed."""
        with self._lock:
            self._silent = None
        if self._listener.fileno() < 0:
            self._listen(int(self.address.rsplit(":", 1)[1]))

    def close(self):
        self.refuse()
