"""What a MicroPython of the unix port would freeze; the emulated board has its modules in a ROMFS instead."""

include("$(PORT_DIR)/variants/manifest.py")
package("fieldwire", base_path="frozen", opt=3)
package("fieldagent", base_path="frozen", opt=3)
