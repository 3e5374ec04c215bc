"""A LoRa modem on SPI by the driver of micropython-lib that is installed: `lora-sx126x`, else `lora-sx127x`.

Decides only that: the wiring is the board's. Refuses with the configuration's key where there is no driver, or where
nothing answers at the pins.
"""

from fieldagent.settings import ConfigError


def open_chip(bus, select, reset, interrupt, busy, tcxo_mv, lora_cfg):
    """An SX1262 or SX1276. `bus`: machine.SPI, the pins: machine.Pin; `interrupt`: DIO1 of the one, DIO0 of the other.

    `busy`, `tcxo_mv`: of an SX1262 alone; the voltage of an oscillator that DIO3 feeds, None for a crystal.
    """
    try:
        import lora
    except ImportError:
        raise ConfigError(
            "radio.kind: no LoRa driver is installed; mpremote mip install lora-sync and lora-sx126x or lora-sx127x"
        )
    try:
        if hasattr(lora, "SX1262"):
            return lora.SX1262(
                bus,
                select,
                busy,
                dio1=interrupt,
                dio3_tcxo_millivolts=tcxo_mv,
                reset=reset,
                lora_cfg=lora_cfg,
            )
        cfg = dict(lora_cfg)
        cfg["tx_ant"] = "PA_BOOST"  # modules lead no other output to the antenna
        return lora.SX1276(bus, select, dio0=interrupt, reset=reset, lora_cfg=cfg)
    except (RuntimeError, OSError) as error:
        raise ConfigError("radio.kind: the modem does not answer (%s); look at its wiring" % error)
