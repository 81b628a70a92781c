"""TLS and mutual TLS with certificates made here by openssl."""

import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile
import unittest

import grpc
import harness
import played
from latimer_client import LatimerClient, LatimerError


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=20)


class Certificates:
    """Two authorities; the first signed a server's and a client's certificate, the second only a stranger's."""

    def __init__(self, folder):
        self.folder = folder
        for authority in ("ca", "other_ca"):
            openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={authority}", "-keyout", self.path(f"{authority}.key"),
                "-out", self.path(f"{authority}.pem"),
            )  # fmt: skip
        self.sign("server", "ca")
        self.sign("client", "ca")
        self.sign("stranger", "other_ca")

    def path(self, name):
        return self.folder / name

    def read(self, name):
        return self.path(name).read_bytes()

    def expiry(self, name):
        """When it ends to be valid, in seconds."""
        done = subprocess.run(
            ["openssl", "x509", "-enddate", "-noout", "-in", self.path(f"{name}.pem")], check=True, capture_output=True
        )
        return ssl.cert_time_to_seconds(done.stdout.decode().strip().removeprefix("notAfter="))

    def sign(self, name, authority):
        extensions = self.path("extensions.txt")
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"),
        )  # fmt: skip
        openssl(
            "x509", "-req", "-in", self.path(f"{name}.csr"), "-days", "2", "-CA", self.path(f"{authority}.pem"),
            "-CAkey", self.path(f"{authority}.key"), "-CAcreateserial", "-extfile", extensions,
            "-out", self.path(f"{name}.pem"),
        )  # fmt: skip


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificates = Certificates(pathlib.Path(folder.name))
        c = cls.certificates
        tls = ("--tls-cert", c.path("server.pem"), "--tls-key", c.path("server.key"))
        cls.tls = harness.Server(*tls)
        cls.addClassCleanup(cls.tls.stop)
        cls.mutual = harness.Server(*tls, "--tls-client-ca", c.path("ca.pem"), "--metrics-listen", "127.0.0.1:0")
        cls.addClassCleanup(cls.mutual.stop)

    def platforms(self, server, authority="ca", client=None):
        """Ids a client with these credentials is told; raises LatimerError."""
        read = self.certificates.read
        own = (read(f"{client}.key"), read(f"{client}.pem")) if client else (None, None)
        credentials = grpc.ssl_channel_credentials(read(f"{authority}.pem"), *own)
        with LatimerClient(server.address, credentials=credentials, timeout_s=10) as connection:
            return [platform.name.split("/")[1] for platform in connection.list_platforms()]

    def assert_refused(self, action):
        with self.assertRaises(LatimerError) as caught:
            action()
        self.assertEqual(grpc.StatusCode.UNAVAILABLE, caught.exception.code)

    def command_line(self, server, *arguments):
        return harness.run(harness.CLI, "platforms", "--server", server.address, "--timeout", "10", *arguments)

    def test_a_client_that_trusts_the_authority_gets_answers(self):
        self.assertEqual(list(harness.PLATFORMS), self.platforms(self.tls))

    def test_a_client_of_another_authority_refuses_the_server(self):
        self.assert_refused(lambda: self.platforms(self.tls, authority="other_ca"))
        self.assertEqual(list(harness.PLATFORMS), self.platforms(self.tls))

    def test_plaintext_is_refused(self):
        def call():
            with LatimerClient(self.tls.address, timeout_s=10) as client:
                client.list_platforms()

        self.assert_refused(call)

    def test_mutual_tls_lets_a_client_of_the_authority_in(self):
        self.assertEqual(list(harness.PLATFORMS), self.platforms(self.mutual, client="client"))

    def failures(self):
        """Handshakes that failed at the server with mutual TLS, as its metric tells."""
        return int(re.search(r"(?m)^latimer_tls_handshake_failures_total (\d+)$", self.mutual.metrics())[1])

    def test_mutual_tls_refuses_a_client_without_certificate(self):
        before = self.failures()
        self.assert_refused(lambda: self.platforms(self.mutual))
        self.assertGreater(self.failures(), before)

    def test_mutual_tls_refuses_a_certificate_of_another_authority(self):
        before = self.failures()
        self.assert_refused(lambda: self.platforms(self.mutual, client="stranger"))
        self.assertGreater(self.failures(), before)
        self.assertEqual(list(harness.PLATFORMS), self.platforms(self.mutual, client="client"))

    def test_command_line_over_tls(self):
        authority = ("--tls-ca", self.certificates.path("ca.pem"))
        done = self.command_line(self.tls, *authority)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("zcu102-dnndk", done.stdout)
        refused = self.command_line(self.mutual, *authority)
        self.assertEqual(1, refused.returncode)
        self.assertEqual("", refused.stdout)
        own = ("--tls-cert", self.certificates.path("client.pem"), "--tls-key", self.certificates.path("client.key"))
        done = self.command_line(self.mutual, *authority, *own)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_command_line_without_tls_is_told_to_use_it(self):
        refused = self.command_line(self.tls)
        self.assertEqual(1, refused.returncode)
        self.assertIn("--tls", refused.stderr)

    def test_a_new_certificate_is_used_without_a_restart_and_a_bad_one_is_not(self):
        c = self.certificates
        files = c.path("live")
        files.mkdir()

        def install(name, *suffixes):
            for suffix in suffixes:
                shutil.copy(c.path(f"{name}.{suffix}"), files / f"new.{suffix}")
                (files / f"new.{suffix}").rename(files / f"server.{suffix}")

        def reached(authority):
            try:
                return self.platforms(server, authority=authority) == list(harness.PLATFORMS)
            except LatimerError:
                return False

        install("server", "key", "pem")
        with harness.Server(
            "--tls-cert", files / "server.pem", "--tls-key", files / "server.key", "--tls-reload", "0.2",
            "--metrics-listen", "127.0.0.1:0",
        ) as server:
            metric = r"(?m)^latimer_tls_certificate_expiry_timestamp_seconds (\S+)$"
            self.assertEqual(c.expiry("server"), float(re.search(metric, server.metrics())[1]))
            credentials = grpc.ssl_channel_credentials(c.read("ca.pem"))
            with LatimerClient(server.address, credentials=credentials, timeout_s=10) as old:
                old.list_platforms()
                # Half a renewal, and worse: the old one serves on, and the log says why, once.
                install("stranger", "pem")
                played.wait_until(lambda: "new TLS files not taken" in server.log(), "it is refused", 10)
                self.assertTrue(reached("ca"))
                (files / "server.key").write_text("no key")
                played.wait_until(lambda: "is not in PEM format" in server.log(), "that too", 10)
                self.assertTrue(reached("ca"))
                self.assertEqual(2, server.log().count("new TLS files not taken"))
                # The other half comes: new connections get it, those that are open go on.
                install("stranger", "key")
                played.wait_until(lambda: reached("other_ca"), "the new certificate is used", 10)
                self.assertFalse(reached("ca"))
                self.assertEqual(list(harness.PLATFORMS), [p.name.split("/")[1] for p in old.list_platforms()])
            self.assertIn("TLS files read again", server.log())
            self.assertEqual(c.expiry("stranger"), float(re.search(metric, server.metrics())[1]))

    def test_server_refuses_halves_and_foreign_keys(self):
        c = self.certificates
        bad = {
            "--tls-key": ["--tls-cert", c.path("server.pem")],
            "--tls-cert": ["--tls-client-ca", c.path("ca.pem")],
            "is not that of the certificate": ["--tls-cert", c.path("server.pem"), "--tls-key", c.path("client.key")],
            "is not in PEM format": ["--tls-cert", c.path("extensions.txt"), "--tls-key", c.path("client.key")],
            "holds no certificate": ["--tls-cert", c.path("server.key"), "--tls-key", c.path("server.key")],
            "holds no private key": ["--tls-cert", c.path("server.pem"), "--tls-key", c.path("server.pem")],
            "no-such.pem": ["--tls-cert", c.path("no-such.pem"), "--tls-key", c.path("server.key")],
        }
        for expected, arguments in bad.items():
            done = harness.run(harness.SERVER, "--listen", "127.0.0.1:0", *arguments)
            self.assertEqual(1, done.returncode, done)
            self.assertIn(expected, done.stderr)

    def test_server_refuses_a_client_authority_that_is_no_certificate(self):
        c = self.certificates
        pair = ("--tls-cert", c.path("server.pem"), "--tls-key", c.path("server.key"))
        for authority in ("extensions.txt", "server.key"):
            done = harness.run(
                harness.SERVER, "--listen", "127.0.0.1:0", *pair, "--tls-client-ca", c.path(authority)
            )
            self.assertEqual(1, done.returncode, done)
            self.assertIn(authority, done.stderr)


if __name__ == "__main__":
    unittest.main()
