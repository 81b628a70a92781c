# What `cmake --install` puts where. The programs find platforms beside themselves, at ../share/latimer/platforms, so
# the folder may be moved as a whole. The Python client is installed by clients/python. Components are the packages of
# packaging.cmake.
include(GNUInstallDirs)

install(TARGETS latimer-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT agent)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/latimer COMPONENT license)
if(TARGET latimer-server)
  install(TARGETS latimer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT cli)
  install(TARGETS latimer-server RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/data/platforms/ DESTINATION share/latimer/platforms COMPONENT data
          FILES_MATCHING PATTERN "*.textproto" PATTERN "README.md")
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto/latimer ${CMAKE_SOURCE_DIR}/proto/google DESTINATION share/latimer/proto
          COMPONENT data FILES_MATCHING PATTERN "*.proto")
endif()
