"""The ROS layer: connects topics, services and parameters to the rest of the package. `rmpsam_ros.node` is its entry point."""
