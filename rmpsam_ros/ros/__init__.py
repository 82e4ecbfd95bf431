"""The ROS world: what stands between topics, services and parameters, and the application. `rmpsam_ros.node` is its door."""
