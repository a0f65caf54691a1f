# Install rules and the exported package: find_package(ottobot) gives the targets ottobot::NAME.
include(CMakePackageConfigHelpers)

set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ottobot)

get_property(_components GLOBAL PROPERTY OTTOBOT_COMPONENTS)
# The contract suites need GoogleTest, which users of the library need not have: an export of their own.
if(TARGET ottobot_testing)
  list(REMOVE_ITEM _components ottobot_testing)
  install(TARGETS ottobot_testing EXPORT ottobotTestingTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT ottobotTestingTargets NAMESPACE ottobot:: DESTINATION ${_package_dir})
endif()
set_target_properties(ottobot_asio PROPERTIES EXPORT_NAME asio)
set_target_properties(ottobot_http_parser PROPERTIES EXPORT_NAME http_parser)
set_target_properties(ottobot_hiredis PROPERTIES EXPORT_NAME hiredis)
install(TARGETS ${_components} ottobot_asio ottobot_hiredis ottobot_http_parser EXPORT ottobotTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ottobotTargets NAMESPACE ottobot:: DESTINATION ${_package_dir})

if(TARGET ottobot_testing)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ottobot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
else()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ottobot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          PATTERN testing EXCLUDE)
endif()

foreach(_program ottobot ottobot-sandboxd)
  if(TARGET ${_program})
    install(TARGETS ${_program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/ottobotConfig.cmake.in ${PROJECT_BINARY_DIR}/ottobotConfig.cmake
  INSTALL_DESTINATION ${_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ottobotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ottobotConfig.cmake ${PROJECT_BINARY_DIR}/ottobotConfigVersion.cmake
        DESTINATION ${_package_dir})
