"""`fieldpost export proof`: what a stranger can check with `fieldpost verify-proof`, taken from a store."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from fieldpost import keyfile
from fieldpost.cli import output
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.told import say
from fieldpost.log_check import Leaves
from fieldpost.proof import made
from fieldpost.proof.check import check
from fieldpost.reading import PREFIX_MIN, IdError, observations_named, only, profile_of, trust_of
from fieldpost.recorder import checkpoint as signed_checkpoint
from fieldpost.store import Store
from fieldwire import cose, keys, limits
from fieldwire.errors import WireError

NUMBER_MAX = 2**63 - 1

commands = typer.Typer(no_args_is_help=True)

Out = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the proof.")]
Key = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The bridge's key, which signs; by default bridge.key beside the store."
    ),
]


@commands.callback()
def proof() -> None:
    """Write a proof that stands without this store: a fork, an epoch, a checkpoint or a receipt."""


@commands.command(epilog="Example: fieldpost export proof fork 3f9a4c0d fork.proof")
def fork(
    who: Annotated[
        str,
        typer.Argument(metavar="WHO", help="A device's id, a mesh id or a bridge's key, or how it begins."),
    ],
    file: Out,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Prove that a device, a mesh's root or a bridge has two histories, by two statements that its key signed."""
    _write(store, file, json, lambda held: _fork(held, who))


@commands.command(epilog="Example: fieldpost export proof epoch 1 epoch.proof")
def epoch(
    number: Annotated[
        int, typer.Argument(min=0, max=NUMBER_MAX, metavar="NUMBER", help="The epoch's number.")
    ],
    file: Out,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Prove that two bridges signed the same epoch."""
    _write(store, file, json, lambda held: made.epoch(held, number))


@commands.command(
    epilog="Example: fieldpost export proof checkpoint today.proof --since yesterday.checkpoint"
)
def checkpoint(
    file: Out,
    store: StorePath = DEFAULT,
    key: Key = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the signed checkpoint itself too.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A checkpoint of before: prove that the log only grew."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Sign the log's size and root as they are now, and prove that they follow an earlier checkpoint."""
    earlier = None if since is None else _checkpoint(since)

    def make(held: Store) -> bytes:
        signed = _sign(held, store, key)
        if keep is not None:
            keep.write_bytes(signed)
        return made.checkpoint(held, signed, earlier)

    _write(store, file, json, make)


@commands.command(epilog="Example: fieldpost export proof receipt 8bea76e4 reading.proof")
def receipt(
    identity: Annotated[str, typer.Argument(metavar="ID", help="An observation's id, or how it begins.")],
    file: Out,
    store: StorePath = DEFAULT,
    json: AsJson = False,
) -> None:
    """Prove that a device signed an observation under a seal."""
    _write(store, file, json, lambda held: made.receipt(held, _observation(held, identity)))


@commands.command(epilog="Example: fieldpost export proof event 12 event.proof")
def event(
    number: Annotated[
        int,
        typer.Argument(min=0, max=NUMBER_MAX, metavar="NUMBER", help="As `fieldpost log list` numbers it."),
    ],
    file: Out,
    store: StorePath = DEFAULT,
    key: Key = None,
    json: AsJson = False,
) -> None:
    """Prove that an event lies in the bridge's log, under a checkpoint signed now."""
    _write(store, file, json, lambda held: made.event(held, _sign(held, store, key), number))


def _write(store: Path, file: Path, json: bool, make: Callable[[Store], bytes]) -> None:
    with reading(store) as held:
        try:
            data = make(held)
            file.write_bytes(data)
        except made.NothingToProve as error:
            output.stop(output.NO, str(error))
        except IdError as error:
            output.stop(output.USAGE, str(error))
        except keyfile.KeyFileError as error:
            output.stop(output.CANNOT, str(error))
        except OSError as error:
            output.stop(
                output.CANNOT,
                f"{error.filename or file}: {error.strerror}",
                "name a file that can be written",
            )
        found = check(data)
    if found["outcome"] != "proved":
        output.stop(
            output.CANNOT,
            f"{file}: {found['code']}: {found['reason']}",
            "run `fieldpost rebuild` to see whether the store is whole",
        )
    if json:
        output.print_json({"file": str(file), **found})
    else:
        say(f"{file}: {found['reason']}")


def _sign(held: Store, store: Path, key: Path | None) -> bytes:
    path = store.parent / "bridge.key" if key is None else key
    signer = keyfile.signer(path)
    if keys.thumbprint(signer.public) != profile_of(held)[1]:
        raise keyfile.KeyFileError(f"{path}: not the key of this store's bridge; give it with --key")
    leaves = Leaves.of(held.events())
    return signed_checkpoint(keys.thumbprint(signer.public), leaves.size, leaves.root(), signer)


def _checkpoint(path: Path) -> bytes:
    """A signed checkpoint's bytes; whose it is, the proof says."""
    try:
        with path.open("rb") as file:
            data = file.read(limits.TOKEN_MAX + 1)
        cose.decode(data, cose.CHECKPOINT)
    except OSError as error:
        output.stop(output.CANNOT, f"{path}: {error.strerror}", "give a file that can be read")
    except WireError as error:
        output.stop(
            output.USAGE, f"{path}: no signed checkpoint: {error.detail}", "name one that --keep wrote"
        )
    return data


def _observation(held: Store, prefix: str) -> bytes:
    found = only(observations_named(held, prefix), prefix)
    if found is None:
        raise made.NothingToProve(f"no observation begins with {prefix}; see `fieldpost picture`")
    return found


def _fork(held: Store, named: str) -> bytes:
    prefix = named.lower()
    if len(prefix) < PREFIX_MIN:
        raise IdError(f"{named!r} is no id; give at least {PREFIX_MIN} hexadecimal digits")
    devices = [
        one for (one,) in held.query("SELECT DISTINCT device FROM fork") if one.hex().startswith(prefix)
    ]
    device = only(devices, prefix)
    if device is not None:
        return made.fork(held, device)
    signers = {one.public for one in trust_of(held).credentials.values()}
    known = {mesh for (mesh,) in held.query("SELECT mesh FROM root")} | set(map(keys.thumbprint, signers))
    found = only(sorted(one for one in known if one.hex().startswith(prefix)), prefix)
    if found is None:
        reason = f"no device with a fork and no key begins with {prefix}"
        raise made.NothingToProve(f"{reason}; see `fieldpost log list --kind fork`")
    return made.fork_of_words(held, found)
