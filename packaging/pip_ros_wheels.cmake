# Included by CMake only for the installation with pip (setup.py passes it as CMAKE_PROJECT_rmpsam_ros_INCLUDE).
#
# The ROS wheels export targets with the Python and NumPy include directories of the machine that built them
# (/opt/python/…). CMake refuses targets whose include directories do not exist, so these are removed here; this
# build's own directories come with Python3::Module and Python3_NumPy_INCLUDE_DIRS anyway.
function(drop_include_directories_of_the_wheel_builder)
  get_property(targets DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(directories MATCHES "/opt/python/")
      list(FILTER directories EXCLUDE REGEX "/opt/python/")
      set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${directories}")
    endif()
  endforeach()
endfunction()

# Deferred to the end of the directory, when find_package has created all imported targets.
cmake_language(DEFER CALL drop_include_directories_of_the_wheel_builder)
