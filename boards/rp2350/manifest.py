"""What a runtime of this board has frozen in it; the build puts this file beside the folder that it speaks of.

The port's modules but its `_boot.py`, in whose place stands the board's.
"""

freeze("$(PORT_DIR)/modules", "rp2.py")
include("$(MPY_DIR)/extmod/asyncio")
require("lora-sync")
require("lora-sx126x")
module("_boot.py", base_path="frozen", opt=3)
module("board.py", base_path="frozen", opt=3)
package("fieldwire", base_path="frozen", opt=3)
package("fieldagent", base_path="frozen", opt=3)
