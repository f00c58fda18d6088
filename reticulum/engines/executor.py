"""Many force calculations: side by side, stored as they finish, resumable after any end.

The default executor is a process pool over the free cores with one thread each. The calculator
lives in the workers only and is kept between structures, so that a self-consistent calculator
starts from the last density. The parent alone writes to the store.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from reticulum.engines.blas import load_fast_blas, use_one_thread
from reticulum.engines.build import Engine, SinglePoint, evaluate
from reticulum.engines.store import ForceStore, calculation_key
from reticulum.errors import CalculationError, InputError

if TYPE_CHECKING:
    from ase import Atoms

#: Seconds between two looks of a worker at whether its parent still lives.
_PARENT_CHECK_S = 1.0

#: Stored calculations whose wall times tell that of the next.
_RECENT = 30

#: Seconds between two looks of the parent at its workers (keeps Ctrl-C responsive).
_POLL_S = 0.5


class Progress(Protocol):
    """What a caller can show while forces are computed."""

    def start(self, kind: str, total: int, reused: int) -> None:
        """Announce a batch: its kind, size (0: not known) and how many of it are in the store."""

    def advance(self, kind: str, seconds: float, note: str = "") -> None:
        """One calculation is finished and stored; it took this wall time."""

    def finish(self, kind: str) -> None:
        """Announce the end of the batch."""

    def message(self, text: str) -> None:
        """Show a remark or a warning."""


class Silent:
    """Progress that shows nothing."""

    def start(self, kind: str, total: int, reused: int) -> None:
        """Show nothing."""

    def advance(self, kind: str, seconds: float, note: str = "") -> None:
        """Show nothing."""

    def finish(self, kind: str) -> None:
        """Show nothing."""

    def message(self, text: str) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForceResult:
    """Forces of one structure, and whether they were computed now or found in the store."""

    result: SinglePoint
    key: str
    reused: bool
    seconds: float


def free_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_workers(workers: int | None) -> None:
    """Refuse a number of workers below one.

    Raises
    ------
    InputError
        If it is zero or negative.

    """
    if workers is not None and workers < 1:
        raise InputError(
            f"The number of workers is {workers}.",
            why="At least one process must compute.",
            fix="Give a positive number.",
        )


class ForceRunner:
    """Computes forces of structures through a store.

    Use it as a context manager; the pool starts with the first structure that is not in the store.

    Parameters
    ----------
    engine
        What computes.
    store
        Where results are looked up and kept.
    workers
        Number of processes; default: all free cores. 1 for engines that use threads of their own.
    executor
        A `concurrent.futures` executor of the caller's; it must run functions in processes or
        threads that can import reticulum. It is not shut down here.
    stress
        Ask for the stress too.
    progress
        Receives the progress.
    log
        Called with one line for each calculation that was computed or reused.

    """

    def __init__(
        self,
        engine: Engine,
        store: ForceStore,
        *,
        workers: int | None = None,
        executor: futures.Executor | None = None,
        stress: bool = False,
        progress: Progress | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        require_workers(workers)
        self.engine = engine
        self.store = store
        self.progress: Progress = progress or Silent()
        self._log = log or (lambda line: None)
        single = engine.runs_in_one_process
        self.workers = 1 if single else (workers or free_cores())
        self._in_process = engine.must_stay_in_process
        self._executor = executor
        self._own_executor = executor is None
        self._stress = stress
        self.n_computed = 0
        self.n_reused = 0

    def __enter__(self) -> Self:
        """Return the runner itself."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Stop the workers; at once when an error or Ctrl-C ended the block."""
        self.close(at_once=kind is not None)

    def close(self, *, at_once: bool = False) -> None:
        """Stop the workers.

        Parameters
        ----------
        at_once
            Kill them instead of waiting for the calculations in flight.

        """
        if self._executor is None or not self._own_executor:
            return
        executor, self._executor = self._executor, None
        wait = not at_once
        if at_once and isinstance(executor, futures.ProcessPoolExecutor):
            for process in list((getattr(executor, "_processes", None) or {}).values()):
                process.kill()
            # Nothing is left to wait for but the pool's own thread. Left alone, it closes its pipe
            # while the end of the interpreter writes to it, now and then with a traceback.
            wait = True
        executor.shutdown(wait=wait, cancel_futures=True)

    def evaluate(
        self, structures: Sequence[Atoms], *, kind: str, show: bool = True
    ) -> tuple[ForceResult, ...]:
        """Energies and forces of structures, in their order.

        Parameters
        ----------
        structures
            What to compute; equal structures are computed once.
        kind
            What it is for, as written to the store and the log.
        show
            Whether to announce the batch to the progress display.

        Raises
        ------
        CalculationError
            If a calculation failed; all that finished is in the store.

        """
        keys = [calculation_key(atoms, self._fingerprint(atoms)) for atoms in structures]
        missing: dict[str, int] = {}
        for index, key in enumerate(keys):
            if key not in self.store:
                missing.setdefault(key, index)
        reused = {key for key in keys if key not in missing}
        if show:
            self.progress.start(kind, len(set(keys)), len(reused))
        for key in dict.fromkeys(keys):
            if key in reused:
                self.n_reused += 1
                self._log(f"reused {kind} {key}")
        for key, index, result, seconds in self._compute(missing, structures):
            self.store.put(key, structures[index], result, kind=kind, seconds=seconds)
            self.n_computed += 1
            self._log(f"computed {kind} {key} {seconds:.2f} s")
            if show:
                self.progress.advance(kind, seconds)
        if show:
            self.progress.finish(kind)
        return tuple(self._from_store(key, reused=key in reused) for key in keys)

    def expected_seconds(self) -> float:
        """Wall time that a calculation is likely to take, s; 0 if none is stored.

        The median of the latest: a single one may have been slow for reasons of its own.
        """
        recent = self.store.recent_seconds(_RECENT)
        return statistics.median(recent) if recent else 0.0

    def _fingerprint(self, atoms: Atoms) -> str:
        return self.engine.fingerprint(atoms).digest

    def _from_store(self, key: str, *, reused: bool) -> ForceResult:
        stored = self.store.get(key)
        if stored is None:
            raise CalculationError(
                f"Calculation {key} vanished from {self.store.path}.",
                why="Another program changed the file while this one ran.",
                fix="Run the same command again.",
            )
        return ForceResult(result=stored.result, key=key, reused=reused, seconds=stored.seconds)

    def _compute(
        self, missing: dict[str, int], structures: Sequence[Atoms]
    ) -> Iterator[tuple[str, int, SinglePoint, float]]:
        if not missing:
            return
        if self._in_process:
            calculator: Any = None
            for key, index in missing.items():
                started = time.perf_counter()
                calculator = calculator or self.engine.make(structures[index])
                result = evaluate(calculator, structures[index], stress=self._stress)
                yield key, index, result, time.perf_counter() - started
            return
        executor = self._pool()
        waiting = iter(missing.items())
        flying: dict[futures.Future[tuple[SinglePoint, float]], tuple[str, int]] = {}
        failure: BaseException | None = None

        def submit_next() -> None:
            for key, index in waiting:
                atoms = _bare(structures[index])
                with deaf_to_ctrl_c():
                    future = executor.submit(_work, self.engine, atoms, self._stress)
                flying[future] = (key, index)
                return

        with clear_broken_pool():
            for _ in range(self.workers + 1):
                submit_next()
            while flying:
                done, _ = futures.wait(flying, timeout=_POLL_S, return_when=futures.FIRST_COMPLETED)
                for future in done:
                    key, index = flying.pop(future)
                    try:
                        result, seconds = future.result()
                    except (CalculationError, BrokenProcessPool) as error:
                        failure = failure or error
                        continue
                    if failure is None:
                        submit_next()
                    yield key, index, result, seconds
            if failure is not None:
                raise failure

    def _pool(self) -> futures.Executor:
        if self._executor is None:
            self._executor = futures.ProcessPoolExecutor(
                max_workers=self.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=start_worker,
                initargs=(
                    os.getpid(),
                    self.engine.uses_lapack,
                    self.engine.runs_in_one_process,
                ),
            )
        return self._executor


@contextmanager
def clear_broken_pool() -> Iterator[None]:
    """Turn the end of a worker process into an error that says what to do."""
    try:
        yield
    except BrokenProcessPool as error:
        raise CalculationError(
            "A worker process ended without an answer.",
            why="It ran out of memory, was killed, or its calculator crashed.",
            fix="Run the same command again: finished calculations are kept. With little memory, "
            "use --workers 1. A Python script must start the run under "
            '`if __name__ == "__main__":`, because workers import it.',
        ) from error


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Start processes that Ctrl-C in a terminal does not reach: they inherit the blocked signal.

    `start_worker` would ignore it too, but only after a second of imports.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _bare(atoms: Atoms) -> Atoms:
    from ase import Atoms as PlainAtoms

    return PlainAtoms(
        numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc
    )


def start_worker(parent: int, uses_lapack: bool, own_threads: bool) -> None:
    """Prepare a worker: Ctrl-C is the parent's business, and it ends when its parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    if not own_threads:
        use_one_thread()
    if uses_lapack:
        load_fast_blas()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


#: The calculator of this worker process with the fingerprint that it was made for.
_CALCULATOR: dict[str, Any] = {}


def _work(engine: Engine, atoms: Atoms, stress: bool) -> tuple[SinglePoint, float]:
    """Energy and forces of one structure, in a worker."""
    started = time.perf_counter()
    digest = engine.fingerprint(atoms).digest
    known = _CALCULATOR.pop(digest, None)
    _CALCULATOR.clear()
    calculator = engine.make(atoms) if known is None else known
    try:
        result = evaluate(calculator, atoms, stress=stress)
    except CalculationError:
        if known is None:
            raise
        # The last density may be a bad start for this geometry: once more from scratch.
        calculator = engine.make(atoms)
        result = evaluate(calculator, atoms, stress=stress)
    _CALCULATOR[digest] = calculator
    return result, time.perf_counter() - started
