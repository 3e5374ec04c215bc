"""What an enrolled device does: observe, listen, derive, seal, and answer its bridge.

Decides nothing that a part decides; it carries values from one to the next. Refuses to touch a port or a clock:
time, frames and sensors come in from the loop. What only some configurations use is imported where it is first used.
"""

from fieldagent.identity import Attestations
from fieldagent.journal import Journal
from fieldagent.observer import Observer
from fieldagent.outbox import Outbox
from fieldagent.own_tokens import OwnTokens
from fieldagent.random_source import RandomFailed
from fieldagent.sampling import Sampler
from fieldagent.uplink import Uplink
from fieldwire import cbor
from fieldwire import observation_writer as obs
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const
from fieldwire.token_writer import token_id

_EXCHANGES_AT_CONTACT, _ASKS_AT_CONTACT = const(3), const(9)
_LINKED_SEAL_AGE_MS = const(1_000)
_TEND_MS = const(1_000)  # urgent readings may keep every step busy with signing, but not for longer than this


def _due_ms(sampler):
    return sampler.due_ms


class Agent:
    """`files`, `store` of the log, `identity`, `config`, `boot` and its attestation token; `read_of(sensor name)` ->
    sampling's `read`.

    `random_bytes(n)`, `utc() -> (s, ms, uncertainty_ms) | None`; `link` to the bridge: the terms of SPEC 8.1;
    `battery_mv() -> mV | None`, or None on a board that cannot measure it.
    """

    def __init__(
        self,
        files,
        store,
        identity,
        config,
        boot,
        attestation,
        read_of,
        random_bytes,
        utc,
        link,
        battery_mv=None,
    ):
        self._identity = identity
        self._boot = boot
        self._random_bytes = random_bytes
        self._config = config
        self._attestations = Attestations(files)
        self._attestations.add(boot, attestation)
        self._files = files
        self._listener = self._listen() if config.neighbours or config.derive else None
        self.journal = Journal(store, lambda: random_bytes(8))
        self.failures = {}  # code or name -> count
        if identity.former is not None:
            self._part_from_former(files)
        boots = self.journal.boots_held()
        if boots is not None:  # starts alone must not fill the flash
            self._attestations.keep(boots | {boot})
        self._guarded(self.journal.recover, identity.signer)
        self._unrecovered_at = self.journal.segments_held
        self.observer = Observer(identity, boot, token_id(attestation), self.journal, config, utc)
        found = self.journal.leaves_held()  # what an older boot signed or left, and nobody has taken yet
        self.observer.signed += found
        self.observer.journalled += found
        former = [] if identity.former is None else identity.former.tokens
        own_tokens = OwnTokens(former + identity.tokens, self._attestations)
        self.outbox = Outbox(self.journal, self.observer, own_tokens, files)
        self.uplink = Uplink(identity, boot, self.outbox, link, random_bytes)
        self.neighbours = self._neighbours(attestation) if config.neighbours else None
        self._carry = None
        self._samplers = [Sampler(reading, read_of(reading.sensor)) for reading in config.observe]
        self._battery = None
        if battery_mv is not None and config.seal_low_battery_mv is not None:
            from fieldagent.battery import Battery

            self._battery = Battery(battery_mv, config.seal_low_battery_mv)
        self._tend_at_ms = 0
        self._asks_left = self._exchanges_left = self._ask_again_ms = 0
        self._asked_ms = None
        self.maintenance = False  # a bridge asks for the prompt
        self.freed = 0
        self.derived = 0
        self.exchanges = 0

    def _listen(self):
        from fieldagent.listener import Listener

        return Listener(self._files, self._identity, self._config)

    def _neighbours(self, attestation):
        from fieldagent.neighbours import Neighbours

        return Neighbours(
            self._identity.device,
            self._boot,
            self._listener.trust,
            self._listener.chain() + [attestation],
            self.journal.heads,
            self._random_bytes,
            self._config,
        )

    def share(self, local):
        """Carries others' segments, or has its own carried, over the local link of these terms. SPEC 8.11"""
        from fieldagent import carrying

        self.neighbours, self._carry = carrying.join(
            self.neighbours, self.uplink, self.journal, self._identity, self._files, self._config, local
        )

    def _part_from_former(self, files):
        """The former device's log ends where it handed over; it is forgotten when nothing of it is left. SPEC 8.7"""
        ended = self._identity.former.incarnations
        if self.journal.incarnation in ended:
            self.journal.renew(self._random_bytes(8))
        if not any(key[0] in ended for key in self.journal.held()):
            self._identity.forget_former(files)

    # The loop's calls

    def start(self, now_ms):
        self.uplink.start(now_ms)

    def step(self, now_ms):
        """What is due: one reading (a second one would bear a time that is past), events of both links, housekeeping.

        A signature takes up to 60 ms on an M0 and is most of a step. An early or urgent reading makes one, so does each
        early observation derived from it; a step without one seals at most one segment, and one with them does so once
        a second: 60 ms, 120 ms at times. A reading that finds its segment full to its limits, or the log full to its
        last reserve, seals first, that stream's segment and the gap record's: 240 ms at worst, beside the sensor's own.
        """
        signatures = self.observer.signatures
        due = [sampler for sampler in self._samplers if now_ms >= sampler.due_ms]
        if due:
            self._sample(min(due, key=_due_ms), now_ms)
        self._take_events(self.uplink, now_ms)
        if self.neighbours is not None:
            if now_ms >= self.neighbours.deadline():
                self._guarded(self.neighbours.on_deadline, now_ms)
            self._take_events(self.neighbours, now_ms)
        if now_ms >= self.uplink.deadline():
            self._guarded(self.uplink.on_deadline, now_ms)
        if self._asks_left and now_ms >= self._ask_again_ms:
            self._ask(now_ms)
        if self._battery is not None and self._battery.has_fallen(now_ms):
            self.observer.want_seals()
        if self.observer.signatures == signatures or now_ms >= self._tend_at_ms:
            self._tend_at_ms = now_ms + _TEND_MS
            self._guarded(self._tend, now_ms)

    def _tend(self, now_ms):
        if not self.journal.is_recovered:
            self._recover_if_freed()
            return
        unreadable = self.outbox.take_unreadable()
        if unreadable:
            self.observer.drop(unreadable, "unreadable", now_ms)
            return
        age_ms = self._config.seal_age_ms
        if self._config.seal_on_link and self.uplink.bridge is not None:
            age_ms = min(_LINKED_SEAL_AGE_MS, age_ms)
        if self.observer.tend(now_ms, age_ms):
            self.uplink.wake(now_ms)
        else:
            self.journal.idle()

    def _recover_if_freed(self):
        """Seals what a start found no room to seal, after each custody that may have made some."""
        journal = self.journal
        if journal.segments_held == self._unrecovered_at:
            return
        before = journal.leaves_held()
        try:
            journal.recover(self._identity.signer)
        finally:
            self._unrecovered_at = journal.segments_held
            found = journal.leaves_held() - before
            self.observer.signed += found
            self.observer.journalled += found

    def due_ms(self, latest_ms):
        """When the next sensor is to be read, at the latest then."""
        return min([sampler.due_ms for sampler in self._samplers] + [latest_ms])

    def deadline(self):
        """The latest time at which `step` should be called again, were no frame to arrive."""
        times = [sampler.due_ms for sampler in self._samplers] + [self.uplink.deadline()]
        if self.neighbours is not None:
            times.append(self.neighbours.deadline())
        return min(times)

    def stop(self):
        """Seals what is open, before the board goes down."""
        self._guarded(self.observer.seal_all)
        self._guarded(self.journal.close)

    def close_log(self):
        """Seals all that waits, and returns where each stream ends. StorageError when the flash does not take it."""
        if not self.journal.is_recovered:
            raise StorageError("the journal could not seal what an older boot left open; drain it first")
        self.observer.seal_all()
        return self.journal.heads()

    def journal_incarnations(self):
        """The present incarnation, and those of which segments wait."""
        return {self.journal.incarnation} | {key[0] for key in self.journal.held()}

    def status(self):
        observer = self.observer
        return {
            "signed": observer.signed,
            "journalled": observer.journalled,
            "freed": self.freed,
            "derived": self.derived,
            "exchanges": self.exchanges,
            "dropped": observer.dropped,
            "held_back": observer.refused,
            "utc_faults": observer.utc_faults,
            "journal_bytes": self.journal.bytes,
            "recovered": self.journal.is_recovered,
            "flash_written": self.journal.bytes_written,
            "flash_observed": self.journal.payload_bytes,
            "linked": self.uplink.bridge is not None,
            "failures": self.failures,
            "refused": self.neighbours.refused if self.neighbours is not None else {},
        }

    # Observing

    def _sample(self, sampler, now_ms):
        payload, read_ms, fault = sampler.sample(now_ms)
        if fault:
            self._count(fault)
        if payload is not None:
            self._guarded(self._observe, sampler.reading, payload, read_ms)

    def _observe(self, rule, payload, now_ms, lineage=None):
        """Observes under a reading or a rule, and hands the observation on; False when the full journal refused it."""
        made = self.observer.observe(
            rule.stream, rule.schema, rule.subject, payload, now_ms, rule.early, lineage
        )
        if made is None:
            return False
        if made.early_copy is not None and self.neighbours is not None:
            self.neighbours.broadcast(made.early_copy)
        self.uplink.wake(now_ms)
        if made.early_copy is not None and lineage is None and self._config.derive:
            self._derive(self._listener.take_own(made), now_ms)
        return True

    def _derive(self, ready, now_ms):
        """Every derivation that a verified observation has completed becomes one of ours."""
        for one in ready:
            self.derived += self._observe(one.rule, one.payload, now_ms, one.lineage)

    def _guarded(self, action, *arguments):
        """What the flash or a peer's bytes may do wrong is counted, and the device goes on."""
        try:
            action(*arguments)
        except WireError as error:
            self._count(error.code)
        except RandomFailed:
            self._count("random")  # no new session and no exchange until it works again; observing needs none
        except StorageError as error:
            self._count("storage")
            print("storage:", error)

    def _count(self, name):
        self.failures[name] = self.failures.get(name, 0) + 1

    # Events of the links

    def _take_events(self, source, now_ms):
        event = source.next_event()
        while event is not None:
            handler = self._HANDLERS.get(event[0])
            if handler is not None:
                self._guarded(handler, self, now_ms, *event[1:])
            event = source.next_event()

    def _on_established(self, now_ms, bridge):
        if self._asked_ms is None or now_ms - self._asked_ms >= self._config.exchange_ms:
            self._asked_ms = now_ms
            self._asks_left = _ASKS_AT_CONTACT
            self._exchanges_left = _EXCHANGES_AT_CONTACT
            self._ask(now_ms)
        if self._config.seal_on_link:
            self.observer.want_seals()

    def _ask(self, now_ms):
        """Asks the bridge for its time; again when no answer came for long, as on a radio."""
        self._ask_again_ms = now_ms + self.uplink.call_ms
        if self._asks_left > 0 and self.uplink.ask_time(self._random_bytes(8), now_ms):
            self._asks_left -= 1

    def _on_exchange(self, now_ms, payload):
        if self.observer.observe(obs.EVIDENCE, obs.TIME_FORMAT, "log/time", cbor.encode(payload), now_ms):
            self.exchanges += 1
        self._exchanges_left -= 1
        if self._exchanges_left <= 0:
            self._asks_left = 0
        self._ask(now_ms)

    def _on_early(self, now_ms, observation, identity, credential):
        self._derive(self._listener.take_early(observation, identity, credential), now_ms)

    def _on_custody(self, now_ms, incarnation, stream, first, last):
        self.freed += self.outbox.custody(incarnation, stream, first, last)

    def _on_carried(self, now_ms, *told):
        self._carry.settle(self.uplink.bridge, *told)

    def _on_rejected(self, now_ms, incarnation, stream, segment, code):
        self.outbox.reject(incarnation, stream, segment)

    def _on_seal(self, now_ms):
        self.observer.want_seals()

    def _on_maintenance(self, now_ms):
        self.maintenance = True

    def _on_idle(self, now_ms):
        if self.journal.is_recovered and not self.journal.segments_held:
            self._attestations.keep({self._boot})

    def _on_closed(self, now_ms, reason):
        self.uplink.start(now_ms)

    def _on_object(self, now_ms, data):
        if self._listener is None:
            self._count("object-unused")  # it would take the room of a third of the agent, for nothing
        else:
            self._derive(self._listener.take_object(data), now_ms)

    _HANDLERS = {
        "established": _on_established,
        "exchange": _on_exchange,
        "early": _on_early,
        "custody": _on_custody,
        "carried": _on_carried,
        "rejected": _on_rejected,
        "seal": _on_seal,
        "maintenance": _on_maintenance,
        "idle": _on_idle,
        "closed": _on_closed,
        "object": _on_object,
    }
