"""Simulated robot scenes with exact ground truth: cluttered tables, shelves and floors in MuJoCo. Off the robot; no torch, no ROS.

`stream.SceneStream` is the entry point: frames with image, ids, depth, pose and segments. `writer.SceneWriter` writes them in
the formats that `rmpsam_ros.data` reads, and `resume.take_over` continues an interrupted set; `rmpsam simulate` does all of this.
"""
