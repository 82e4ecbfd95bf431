"""Simulated robot scenes with exact truth: cluttered tables, shelves and floors in MuJoCo. Off the robot; no torch, no ROS.

`stream.SceneStream` is the way in: frames with image, ids, depth, pose and segments. `writer.SceneWriter` puts them into
the forms that `rmpsam_ros.data` reads, and `resume.take_over` goes on with them; `rmpsam simulate` does all of it.
"""
