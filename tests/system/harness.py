"""What the system tests share: a server of their own on a free port of the loopback."""
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def request(*words):
    """The words as one request in RESP."""
    encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b'*%d\r\n' % len(encoded) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in encoded)


class Server:
    """A process that accepts connections when the constructor returns, in a folder of its own."""

    def __init__(self, path, *options):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [path, '--port', str(self.port), '--bind', '127.0.0.1', '--save', '',
             '--dir', self.folder.name, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                with self.connect() as probe:
                    probe.sendall(b'QUIT\r\n')
                    while probe.recv(100):
                        pass  # it counts as a client until the server has closed it
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError('the server does not start')

    def connect(self, timeout=10):
        return socket.create_connection(('127.0.0.1', self.port), timeout)

    def has_ended(self):
        return self.process.poll() is not None

    def stop(self):
        """Asks it to end unless it has; returns its exit status."""
        if not self.has_ended():
            self.process.terminate()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.folder.cleanup()
