"""The Fieldpost agent: what runs on a field device. Depends on fieldwire and on the board's own module only."""

VERSION = "0.1.0"
