"""Faults of boards, done to real processes: liars, changed boards, refused networks, hanging engines, full disks.

In each the campaign ends, no measurement is lost or counted twice, and the command line shows the reason.
"""

import json
import os
import signal
import unittest

import boards
import harness
import wire


class IdentityTest(boards.BoardsTestCase):
    """Who may not take part is told, and harms nobody."""

    def refused(self, agent, *words):
        self.assertEqual(1, agent.wait(), agent.log())
        for word in words:
            self.assertIn(word, agent.log())

    def test_who_does_not_belong_is_told_why(self):
        self.refused(self.launch("stranger", "latimer-token-guessed"), "token", "latimer token create")
        self.start_agent()
        token = self.token()
        liar = self.launch("liar", token, arguments=["--platform", "another"])
        self.refused(liar, "made for platform 'board'", "claims 'another'")
        other = self.launch("other-board", token, backend="simulated:ncs2")
        self.refused(other, "not like those of platform 'board'", "ncs2")
        self.refused(self.launch("real", token, backend="opencv"), "real here, simulated there")
        self.assertEqual(1, len(self.listed()))
        self.assertEqual(3 + 1, self.server.log().count("enrolment refused"))
        # The token is still good for who tells the truth.
        self.launch("honest", token)
        self.wait_for(lambda: len(self.listed()) == 2, "the honest board is listed")

    def test_revoked_in_the_middle_of_a_campaign(self):
        revoked = self.start_agent("revoked")
        name = self.listed()[0]["name"]
        self.start_campaign()
        self.wait_for_results(60)
        self.cli("agents", "revoke", name)
        self.refused(revoked, "revoked", "enrol again")
        self.refused(self.launch("revoked"), "revoked", "enrol again")
        self.assertIn("revoked", self.cli("agents"))
        self.start_agent("other")
        self.check_end()

    def test_changed_board_is_held_until_a_person_accepts_it(self):
        agent = self.start_agent()
        self.start_campaign()
        self.wait_for_results(60)
        self.assertEqual(0, agent.stop())
        agent = self.launch(arguments=["--cpu", str(min(os.sched_getaffinity(0)))])
        self.wait_for(lambda: self.listed()[0]["state"] == "AGENT_STATE_HELD", "the board is held")
        self.assertIn("gives no work until a person accepts it", agent.log())
        self.wait_for(lambda: "held" in self.campaign()["message"], "the campaign says why it waits")
        table = self.cli("agents")
        self.assertIn("latimer agents accept", table)
        self.assertIn("pinned", table)
        done = self.campaign()["done"]
        self.cli("agents", "accept", self.listed()[0]["name"])
        campaign = self.check_end()
        self.assertLess(done, campaign["done"])

    def test_another_kind_of_board_is_not_accepted(self):
        self.assertEqual(0, self.start_agent().stop())
        agent = self.launch(backend="opencv")
        self.wait_for(lambda: self.listed()[0]["state"] == "AGENT_STATE_HELD", "the board is held")
        self.assertIn("never mix", self.cli("agents", "accept", self.listed()[0]["name"], expected=1))
        self.assertEqual("AGENT_STATE_HELD", self.listed()[0]["state"])
        self.assertEqual(0, agent.stop())


class HangTest(boards.BoardsTestCase):
    server_arguments = ("--task-timeout", "1")

    def test_a_job_that_never_returns(self):
        agent = self.start_agent()
        self.start_campaign()
        stopped = 0
        while not self.campaign()["failed"]:  # the reference network may have been stopped instead
            self.wait_for_results(60 + 40 * stopped)
            agent.hang_engine()
            stopped += 1
            self.wait_for(lambda: agent.log().count("did not return within 1 s") >= stopped, "the time limit ends it")
        campaign = self.check_end(most_failed=stopped)
        self.assertIn("did not return within 1 s; its process was killed", campaign["message"])
        self.assertIsNone(agent.process.poll(), "the agent itself lives")


class RefusalTest(boards.BoardsTestCase):
    def test_a_network_the_engine_refuses(self):
        path = self.path / "refused.onnx"
        node = wire.onnx_node("NoSuchOperator", ["in"], ["out"])
        path.write_bytes(wire.onnx_model([node], [("in", [1, 8, 16, 16])], [("out", [1, 8, 16, 16])]))
        self.start_agent(backend="opencv")
        self.start_campaign(50)
        said = self.cli("measure", path, "--platform", boards.PLATFORM, expected=1)
        self.assertIn("NoSuchOperator", said)
        campaign = self.check_end(most_failed=12, others=1)  # OpenCV refuses excerpts of transformers, too
        if campaign["failed"]:
            self.assertIn("OpenCV refused the network", campaign["message"])
        good = next(harness.NETWORKS.glob("nb101/*"))
        evaluated = json.loads(self.cli("evaluate", path, good, "--platform", boards.PLATFORM, "--format", "json"))
        self.assertEqual((1, 1), (evaluated["failed"], evaluated["compared"]))
        self.assertIn("NoSuchOperator", json.dumps(evaluated["networks"]))


class DiskTest(boards.BoardsTestCase):
    def test_full_disk(self):
        agent = self.start_agent()
        self.start_campaign()
        self.wait_for_results(60)
        agent.fill_disk(True)
        self.wait_for(lambda: "cannot store a result" in self.cli("agents"), "the list of agents says so")
        self.wait_for(lambda: "cannot store a result" in self.campaign()["message"], "the campaign says so")
        self.assertIn("cannot store a result", agent.log())
        # Results go straight to the server, until it is away too: then there is nowhere to put them.
        self.wait_for_results(self.campaign()["done"] + 20)
        self.server.stop(signal.SIGKILL)
        self.wait_for(lambda: ", 1 results wait" in agent.log(), "the agent keeps one result and waits")
        agent.fill_disk(False)
        self.wait_for(lambda: "results can be stored again" in agent.log(), "it goes on")
        self.start_server(self.address)
        self.check_end()
        self.assertEqual("", self.listed()[0]["trouble"])

    def test_full_disk_for_good(self):
        agent = self.start_agent()
        self.start_campaign()
        self.wait_for_results(60)
        agent.fill_disk(True)
        self.check_end()
        self.assertIn("cannot store a result", self.listed()[0]["trouble"])


if __name__ == "__main__":
    unittest.main()
