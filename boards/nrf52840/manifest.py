"""What a runtime of this board has frozen in it; the build puts this file beside the folder that it speaks of."""

include("$(PORT_DIR)/boards/manifest.py")
require("lora-sync")
require("lora-sx126x")
module("board.py", base_path="frozen", opt=3)
package("fieldwire", base_path="frozen", opt=3)
package("fieldagent", base_path="frozen", opt=3)
