"""Who may do what: every call with every role; wrong, expired and revoked tokens; quotas; what is never written."""

import contextlib
import importlib
import json
import os
import pathlib
import pkgutil
import queue
import signal
import subprocess
import tempfile
import time
import unittest

import grpc
import harness
import played
import latimer.v1
from latimer_client import LatimerClient, LatimerError, errors
from latimer.v1 import agent_service_pb2, agent_service_pb2_grpc
from latimer.v1 import estimation_service_pb2, estimation_service_pb2_grpc, fleet_service_pb2, fleet_service_pb2_grpc
from latimer.v1 import network_pb2

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED

ALEXNET = (harness.NETWORKS / "named/tv_alexnet.onnx").read_bytes()
ESTIMATE, OPERATE, ADMIN = "estimate", "operate", "admin"
ROLES = [ESTIMATE, OPERATE, ADMIN]

# The lowest role that may make the call. Agents prove themselves in their own way.
NEEDED = {
    "EstimationService": ESTIMATE,
    "NetworkService": ESTIMATE,
    "PlatformService": ESTIMATE,
    "PlatformService/RollbackPlatform": OPERATE,
    "CampaignService": OPERATE,
    "MeasurementService": OPERATE,
    "FleetService/ListAgents": OPERATE,
    "FleetService/AcceptFingerprint": OPERATE,
    "FleetService/CreateToken": ADMIN,
    "FleetService/RevokeAgent": ADMIN,
    "AdminService": ADMIN,
    "AgentService/Enroll": "BAD_TOKEN",
    "AgentService/Session": "BAD_CREDENTIAL",
}


def all_methods():
    """(service, method) of everything in latimer.v1."""
    for module in pkgutil.iter_modules(latimer.v1.__path__):
        if not module.name.endswith("_service_pb2"):
            continue
        file = importlib.import_module(f"latimer.v1.{module.name}").DESCRIPTOR
        for service in file.services_by_name.values():
            for method in service.methods:
                yield service.name, method.name


STREAMING_ANSWERS = {"WatchCampaign", "Backup", "EstimateStream", "Session"}
STREAMING_REQUESTS = {"EstimateStream", "Session"}


def estimate_request(name="n"):
    source = network_pb2.NetworkSource(onnx_model=ALEXNET, display_name=name)
    return estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=source)


class SecuredTestCase(unittest.TestCase):
    server_arguments = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.server = harness.Server(
            "--data-dir", self.path / "data", "--anonymous", "none", "--heartbeat", "0.3", "--lease", "2",
            "--log-level", "debug", "--metrics-listen", "127.0.0.1:0", *self.server_arguments,
        )
        self.addCleanup(lambda: self.server.stop(signal.SIGKILL))
        self.channel = self.server.channel()
        self.addCleanup(self.channel.close)
        self.admin_file = self.path / "data/admin.token"
        self.admin = self.admin_file.read_text().strip()

    def cli(self, *arguments, token_file=None, expected=0, **options):
        command = [harness.CLI, *arguments, "--server", self.server.address, "--token-file", token_file or self.admin_file]
        done = harness.run(*command, timeout=60, **options)
        self.assertEqual(expected, done.returncode, done.stdout + done.stderr)
        return done.stdout if expected == 0 else done.stderr

    def client_token(self, name, role, *more):
        made = self.cli("token", "create", "--role", role, "--name", name, "--format", "json", *more)
        return json.loads(made)["token"]

    def write_secret(self, token):
        file = self.path / "client.token"
        file.write_text(token + "\n")
        return file

    def refusal(self, path, token=None, request=b"", metadata=None):
        """The error of a call with those bytes; None where it was let in, whatever came of it then."""
        method = path.rpartition("/")[2]
        if metadata is None:
            metadata = played.bearer(token) if token else []
        kind = ("stream" if method in STREAMING_REQUESTS else "unary") + "_" + (
            "stream" if method in STREAMING_ANSWERS else "unary"
        )
        call = getattr(self.channel, kind)(path)
        try:
            answer = call(iter([request]) if kind.startswith("stream") else request, timeout=10, metadata=metadata)
            if kind.endswith("stream"):
                next(iter(answer), None)
                answer.cancel()
        except grpc.RpcError as error:
            found = errors.from_rpc_error(error)
            return found if found.code in (UNAUTHENTICATED, DENIED) else None
        return None


class RolesTest(SecuredTestCase):
    def test_every_call_needs_its_role(self):
        tokens = {role: self.client_token(f"{role}-client", role) for role in ROLES}
        methods = sorted(all_methods())
        self.assertGreater(len(methods), 25)
        for service, method in methods:
            path = f"/latimer.v1.{service}/{method}"
            needed = NEEDED.get(f"{service}/{method}", NEEDED.get(service))
            with self.subTest(path=path):
                self.assertIsNotNone(needed, "nobody has said yet who may make this call")
                stranger = self.refusal(path)
                self.assertEqual(UNAUTHENTICATED, stranger.code)
                if needed not in ROLES:
                    self.assertEqual(needed, stranger.reason)
                    continue
                self.assertEqual("NO_CREDENTIAL", stranger.reason)
                self.assertIn("--token-file", str(stranger))
                for role, token in tokens.items():
                    error = self.refusal(path, token)
                    if ROLES.index(role) >= ROLES.index(needed):
                        self.assertIsNone(error, f"{role}: {error}")
                        continue
                    self.assertEqual((DENIED, "ROLE_TOO_LOW"), (error.code, error.reason))
                    self.assertEqual({"role": role, "needed": needed}, error.metadata)

    def test_tokens_that_are_no_good(self):
        path = "/latimer.v1.PlatformService/ListPlatforms"
        short = self.client_token("short-lived", ESTIMATE, "--lifetime", "1s")
        revoked = self.client_token("taken-away", ESTIMATE)
        self.assertIsNone(self.refusal(path, revoked))
        self.assertIn("may do nothing", self.cli("clients", "revoke", "taken-away"))
        board = json.loads(self.cli("token", "create", "--format", "json"))["token"]
        played.wait_until(lambda: self.refusal(path, short) is not None, "it expires", 5)
        for token, reason in (
            ("latimer-client-" + "0" * 64, "BAD_CREDENTIAL"),
            (self.admin[:-1], "BAD_CREDENTIAL"),
            (self.admin + "0", "BAD_CREDENTIAL"),
            ("", "BAD_CREDENTIAL"),
            ("x" * 7000, "BAD_CREDENTIAL"),
            (short, "CREDENTIAL_EXPIRED"),
            (revoked, "CREDENTIAL_REVOKED"),
            (board, "WRONG_KIND_OF_CREDENTIAL"),
        ):
            with self.subTest(reason=reason, token=token[:20]):
                error = self.refusal(path, metadata=played.bearer(token))
                self.assertEqual((UNAUTHENTICATED, reason), (error.code, error.reason))
        error = self.refusal(path, metadata=[("authorization", "Basic YWRtaW46YWRtaW4=")])
        self.assertEqual("BAD_CREDENTIAL", error.reason)
        self.cli("agents", token_file=self.write_secret(self.client_token("low", ESTIMATE)), expected=1)
        self.assertEqual("NO_CREDENTIAL", self.refusal(path).reason)
        counted = self.server.metrics()
        for reason in ("NO_CREDENTIAL", "BAD_CREDENTIAL", "CREDENTIAL_EXPIRED", "CREDENTIAL_REVOKED", "ROLE_TOO_LOW"):
            self.assertRegex(counted, rf'latimer_rpc_errors_total{{[^}}]*reason="{reason}"}} [1-9]')
        listed = self.cli("clients")
        for word in ("short-lived", "expired", "taken-away", "revoked", "admin", "good"):
            self.assertIn(word, listed)
        # The name is free again, the old token is not good again.
        again = self.client_token("taken-away", ESTIMATE)
        self.assertIsNone(self.refusal(path, again))
        self.assertIsNotNone(self.refusal(path, revoked))

    def test_enrolment_tokens_that_are_no_good(self):
        stub = agent_service_pb2_grpc.AgentServiceStub(self.channel)
        fleet = fleet_service_pb2_grpc.FleetServiceStub(self.channel)

        def reason(token):
            try:
                stub.Enroll(
                    agent_service_pb2.EnrollRequest(
                        token=token, platform="board", display_name="b", backend="played", fingerprint=played.fingerprint()
                    ),
                    timeout=10,
                )
                return None
            except grpc.RpcError as error:
                self.assertEqual(UNAUTHENTICATED, error.code())
                return errors.from_rpc_error(error).reason

        request = fleet_service_pb2.CreateTokenRequest(lifetime_seconds=0.2)
        short = fleet.CreateToken(request, timeout=10, metadata=played.bearer(self.admin)).token
        time.sleep(0.4)
        self.assertEqual("TOKEN_EXPIRED", reason(short))
        self.assertEqual("BAD_TOKEN", reason("latimer-token-guessed"))
        self.assertEqual("BAD_TOKEN", reason(self.admin))
        good = json.loads(self.cli("token", "create", "--format", "json"))["token"]
        self.assertIsNone(reason(good))
        self.assertEqual("TOKEN_USED", reason(good))
        counted = self.server.metrics()
        for name, count in (("TOKEN_EXPIRED", 1), ("BAD_TOKEN", 2), ("TOKEN_USED", 1)):
            self.assertRegex(counted, rf'latimer_rpc_errors_total{{[^}}]*AgentService"[^}}]*reason="{name}"}} {count}\n')

    def test_revoking_ends_live_streams(self):
        token = self.client_token("streaming", OPERATE)
        requests = queue.SimpleQueue()
        stream = estimation_service_pb2_grpc.EstimationServiceStub(self.channel).EstimateStream(
            iter(requests.get, None), metadata=played.bearer(token), timeout=30
        )
        message = estimation_service_pb2.EstimateStreamRequest(id=1, request=estimate_request())
        requests.put(message)
        self.assertTrue(next(stream).HasField("estimate"))
        agent = played.PlayedAgent(self.server.address, metadata=played.bearer(self.admin))
        self.addCleanup(agent.stop)
        played.wait_until(lambda: "AGENT_STATE_IDLE" in self.cli("agents", "--format", "json"), "the agent is there")
        self.cli("clients", "revoke", "streaming")
        requests.put(message)
        refused = next(stream)
        self.assertEqual("CREDENTIAL_REVOKED", errors.from_status(refused.error).reason)
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        self.assertEqual(UNAUTHENTICATED, caught.exception.code())
        requests.put(None)
        began = time.monotonic()
        self.cli("agents", "revoke", agent.name)
        played.wait_until(lambda: agent.end is not None, "its session ends", 5)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(UNAUTHENTICATED, agent.end.code())
        self.assertEqual("REVOKED", errors.from_rpc_error(agent.end).reason)
        # It is not let in again, and both refusals are counted.
        again = self.refusal("/latimer.v1.AgentService/Session", agent.credential)
        self.assertEqual((UNAUTHENTICATED, "REVOKED"), (again.code, again.reason))
        self.assertRegex(
            self.server.metrics(), r'latimer_rpc_errors_total{[^}]*AgentService"[^}]*reason="REVOKED"} [2-9]'
        )

    def test_clients_of_people_and_programs(self):
        token = self.client_token("ci", ESTIMATE)
        with LatimerClient(self.server.address, token=token) as client:
            self.assertGreater(client.estimate(ALEXNET, "zcu102-dnndk").latency.estimate_ms, 0)
            answers = list(client.estimate_many([ALEXNET] * 3, "zcu102-dnndk"))
            self.assertEqual(3, sum(answer.estimate is not None for answer in answers))
        with LatimerClient(self.server.address) as client, self.assertRaises(LatimerError) as caught:
            client.estimate(ALEXNET, "zcu102-dnndk")
        self.assertEqual("NO_CREDENTIAL", caught.exception.reason)
        with self.assertRaises(ValueError):
            LatimerClient("192.0.2.1:50051", token=token)
        # The tool: by environment too, and never in the clear to another machine.
        command = [harness.CLI, "platforms", "--server"]
        done = harness.run(*command, self.server.address, env={**os.environ, "LATIMER_TOKEN": token})
        self.assertEqual(0, done.returncode, done.stderr)
        done = harness.run(*command, self.server.address)
        self.assertEqual(1, done.returncode)
        self.assertIn("LATIMER_TOKEN", done.stderr)
        done = harness.run(*command, "192.0.2.1:50051", env={**os.environ, "LATIMER_TOKEN": token})
        self.assertEqual(1, done.returncode)
        self.assertIn("not encrypted", done.stderr)
        self.assertIn("ROLE", self.cli("token", "create", "--help"))
        said = self.cli("agents", token_file=self.write_secret(token), expected=1)
        self.assertIn("has the role estimate; this call needs operate", said)


class FirstAdminTest(SecuredTestCase):
    def test_the_first_token_is_in_a_file_only_its_owner_reads(self):
        self.assertEqual(0o600, self.admin_file.stat().st_mode & 0o777)
        self.assertIn("an administrator's token was written to a file", self.server.log())
        self.assertIn("callers without a token may do: nothing", self.server.log())
        self.assertNotIn(self.admin, self.server.log())
        self.assertEqual(0, self.server.stop())
        # The next start makes none: there is an administrator.
        with harness.Server("--data-dir", self.path / "data", "--anonymous", "none") as server:
            self.assertEqual(self.admin, self.admin_file.read_text().strip())
            done = harness.run(harness.CLI, "clients", "--server", server.address, "--token-file", self.admin_file)
            self.assertEqual(0, done.returncode, done.stderr)

    def test_without_configuration_everybody_on_this_machine_may_do_everything_and_the_log_says_so(self):
        with tempfile.TemporaryDirectory() as folder, harness.Server("--data-dir", folder) as server:
            self.assertTrue(server.address.startswith("127.0.0.1:"))
            self.assertIn("everybody who reaches this server may do everything", server.log())
            done = harness.run(harness.CLI, "clients", "--server", server.address)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertFalse((pathlib.Path(folder) / "admin.token").exists())


class QuotaTest(SecuredTestCase):
    server_arguments = ("--client-requests", "20", "--client-megabytes", "1", "--client-streams", "3")

    def refused(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        error = errors.from_rpc_error(caught.exception)
        self.assertEqual(EXHAUSTED, error.code, str(error))
        self.assertGreater(error.retry_after_s, 0)
        self.assertLess(error.retry_after_s, 30)
        return error

    def test_requests_per_second_of_one_client_and_not_of_another(self):
        mine, other = self.client_token("mine", ESTIMATE), self.client_token("other", ESTIMATE)
        stub = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)

        def call(token):
            return stub.Estimate(estimate_request(), timeout=10, metadata=played.bearer(token))

        def flood():
            for _ in range(200):
                call(mine)

        error = self.refused(flood)
        self.assertEqual("QUOTA_REQUESTS", error.reason)
        call(other)
        time.sleep(error.retry_after_s + 0.05)
        call(mine)
        self.assertRegex(self.server.metrics(), r'latimer_rpc_errors_total{[^}]*reason="QUOTA_REQUESTS"} [1-9]')

    def test_bytes_per_second(self):
        token = self.client_token("heavy", ESTIMATE)
        stub = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)
        source = network_pb2.NetworkSource(onnx_model=bytes(3 << 20))
        request = estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=source)

        def call():
            stub.Estimate(request, timeout=10, metadata=played.bearer(token))

        with self.assertRaises(grpc.RpcError) as caught:
            call()  # let in on credit
        self.assertEqual(grpc.StatusCode.INVALID_ARGUMENT, caught.exception.code())
        error = self.refused(call)
        self.assertEqual("QUOTA_BYTES", error.reason)
        self.assertRegex(self.server.metrics(), r'latimer_rpc_errors_total{[^}]*reason="QUOTA_BYTES"} [1-9]')
        self.assertGreater(error.retry_after_s, 0.5)

    def test_concurrent_streams_and_messages_on_them(self):
        token = self.client_token("streams", ESTIMATE)
        stub = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)
        queues, streams = [], []
        message = estimation_service_pb2.EstimateStreamRequest(id=1, request=estimate_request())

        def open_stream():
            requests = queue.SimpleQueue()
            stream = stub.EstimateStream(iter(requests.get, None), metadata=played.bearer(token), timeout=30)
            requests.put(message)
            queues.append(requests)
            streams.append(stream)
            return next(stream)

        for _ in range(3):
            self.assertTrue(open_stream().HasField("estimate"))
        error = self.refused(open_stream)
        self.assertEqual("QUOTA_STREAMS", error.reason)
        self.assertRegex(self.server.metrics(), r'latimer_rpc_errors_total{[^}]*reason="QUOTA_STREAMS"} [1-9]')
        queues[0].put(None)
        self.assertEqual([], list(streams[0]))
        # Its place is free as soon as its end is heard.
        self.assertTrue(open_stream().HasField("estimate"))
        for _ in range(100):
            queues[1].put(message)
        reasons = {errors.from_status(next(streams[1]).error).reason for _ in range(100)}
        self.assertIn("QUOTA_REQUESTS", reasons)
        for requests in queues:
            requests.put(None)


class SecretsTest(SecuredTestCase):
    """A full circle of boards and people; afterwards no secret is anywhere but where it belongs."""

    def test_no_secret_in_logs_or_in_the_store(self):
        board = json.loads(self.cli("token", "create", "--platform", "board", "--format", "json"))["token"]
        wrong = "latimer-token-" + "ab" * 32
        client = self.client_token("ci", ESTIMATE)
        agent_log = b""
        command = [os.environ["LATIMER_AGENT"], "--server", self.server.address, "--backend", "simulated:imx93"]
        command += ["--state-dir", str(self.path / "agent"), "--heartbeat", "0.3"]
        refused = harness.run(*command, "--token", wrong)
        self.assertEqual(1, refused.returncode)
        agent_log += (refused.stdout + refused.stderr).encode()
        agent = subprocess.Popen(
            [*command, "--token", board], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            played.wait_until(lambda: "AGENT_STATE" in self.cli("agents", "--format", "json"), "it enrols")
            self.cli("campaign", "start", "--platform", "board", "--max-measurements", "60", "--wait")
            self.cli("platforms", "versions", "board")
            self.cli("estimate", harness.NETWORKS / "named/tv_alexnet.onnx", "--platform", "board")
            self.cli("admin", "backup", self.path / "backup")
            self.refusal("/latimer.v1.PlatformService/ListPlatforms", "latimer-client-wrong-one")
            self.refusal("/latimer.v1.FleetService/CreateToken", client)
            self.cli("clients", "revoke", "ci")
            self.refusal("/latimer.v1.PlatformService/ListPlatforms", client)
            self.cli("agents", "revoke", json.loads(self.cli("agents", "--format", "json"))["agents"][0]["name"])
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.wait(5)
            agent.kill()
            agent_log += agent.communicate()[0]
        credentials = [
            word
            for file in (self.path / "agent").rglob("*")
            if file.is_file()
            for word in file.read_bytes().replace(b'"', b" ").split()
            if b"latimer-agent-" in word
        ]
        self.assertTrue(credentials, "the agent keeps its credential")
        self.assertEqual(0, self.server.stop())
        log = self.server.log()
        self.assertIn("agent enrolled", log)
        self.assertIn("call refused", log)
        secrets = [board, wrong, client, self.admin, "latimer-client-wrong-one"]
        secrets += [credential.decode()[credential.decode().index("latimer-agent-") :] for credential in credentials]
        written = {"the server's log": log.encode(), "the agent's log": agent_log}
        for file in [*(self.path / "data").iterdir(), self.path / "backup"]:
            if file.is_file() and file.name != "admin.token":
                written[str(file)] = file.read_bytes()
        self.assertGreater(len(written), 3)
        for secret in secrets:
            core = secret.removeprefix("latimer-").partition("-")[2]
            self.assertGreater(len(core), 8)
            for place, text in written.items():
                self.assertNotIn(core.encode(), text, f"a secret is in {place}")


if __name__ == "__main__":
    unittest.main()
