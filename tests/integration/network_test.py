"""The network between agent and server is cut in the middle of a campaign.

For LATIMER_CUT_SECONDS: 4 by default, with short heartbeats and leases; 60 does the full minute with the usual ones.
"""

import os
import re
import time
import unittest

import boards
import proxy

CUT_SECONDS = float(os.environ.get("LATIMER_CUT_SECONDS", "4"))


class NetworkTest(boards.BoardsTestCase):
    server_arguments = ("--log-level", "debug")
    pace = boards.SHORT if CUT_SECONDS < 45 else ()

    def setUp(self):
        super().setUp()
        self.proxy = proxy.Proxy(self.server.port)
        self.addCleanup(self.proxy.close)
        self.agent = self.start_agent(address=self.proxy.address)
        self.start_campaign()
        self.wait_for_results(60)

    def wait_out_the_cut(self, cut, reason):
        """Meanwhile the command line says why nothing goes on."""
        self.wait_for(lambda: reason in self.campaign()["message"], f"the campaign says '{reason}'")
        self.wait_for(lambda: self.listed()[0]["state"] == "AGENT_STATE_OFFLINE", "the agent is offline")
        self.wait_for(lambda: "no session with" in self.agent.log(), "the agent noticed")
        done = self.campaign()["done"]
        time.sleep(max(0, cut + CUT_SECONDS - time.monotonic()))
        self.assertEqual(done, self.campaign()["done"])
        kept = [int(number) for number in re.findall(r"(\d+) results wait", self.agent.log())]
        self.assertGreater(max(kept), 0, "the board worked on")
        self.proxy.heal()

    def test_refused(self):
        cut = time.monotonic()
        self.proxy.refuse()
        self.wait_out_the_cut(cut, "waits for an agent of the platform to connect")
        self.check_end()

    def test_silent(self):
        cut = time.monotonic()
        self.proxy.swallow()
        self.wait_out_the_cut(cut, "nothing was heard of agent")
        self.check_end()

    def test_acknowledgements_lost(self):
        """The server stores what the agent then sends a second time."""
        self.proxy.swallow(up=False)
        self.wait_for(lambda: "no session with" in self.agent.log(), "the agent noticed")
        self.assertGreater(int(re.search(r"(\d+) results wait", self.agent.log())[1]), 0)
        self.assertNotIn("result came again", self.server.log())
        self.proxy.heal()
        self.check_end()
        self.assertIn("result came again", self.server.log())


if __name__ == "__main__":
    unittest.main()
