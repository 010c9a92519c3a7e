"""Max-min fair sharing by progressive filling.

All flows grow at the same rate until some link is full; those on it keep what they have, the
others grow on. (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2.) A flow takes its rate
once for each time that it lists a link.
"""
import collections


class Flow:
    def __init__(self, key, links, size):
        self.key = key
        self.uses = collections.Counter(links)
        self.size = size    # bytes that each listing carries in all
        self.left = size
        self.rate = 0.
        self.moved = 0.
        self.full = collections.Counter()  # by link, the time that each listing would take if it were full


class Flows:
    """Flows under way; time goes forward by `advance`."""

    def __init__(self, bandwidths, contention=True):
        self.bandwidths = list(bandwidths)
        self.contention = contention
        self.flows = {}
        self.now = 0.
        self.stale = False

    def start(self, flow):
        self.flows[flow.key] = flow
        self.stale = True

    def stop(self, key):
        self.stale = True
        return self.flows.pop(key)

    def set_bandwidth(self, link, bandwidth):
        self.bandwidths[link] = bandwidth
        self.stale = True

    def advance(self, now):
        for flow in self.flows.values():
            flow.left = max(0., flow.left - flow.rate * (now - self.now))
            flow.moved += flow.rate * (now - self.now)
            for link in flow.uses:
                flow.full[link] += flow.rate * (now - self.now) / self.bandwidths[link]
        self.now = now

    def ends(self):
        """{key: when it ends if nothing changes}."""
        if self.stale:
            self.share()
            self.stale = False
        return {key: self.now + flow.left / flow.rate for key, flow in self.flows.items()}

    def share(self):
        if not self.contention:
            for flow in self.flows.values():
                flow.rate = min(self.bandwidths[link] / times for link, times in flow.uses.items())
            return
        room = {link: self.bandwidths[link] for flow in self.flows.values() for link in flow.uses}
        growing = list(self.flows.values())
        while growing:
            load = collections.Counter()
            for flow in growing:
                load.update(flow.uses)
            level = min(room[link] / load[link] for link in load)
            full = {link for link in load if room[link] / load[link] <= level * (1 + 1e-12)}
            for flow in growing:
                if full & flow.uses.keys():
                    flow.rate = level
                    for link, times in flow.uses.items():
                        room[link] -= level * times
            growing = [flow for flow in growing if not full & flow.uses.keys()]
