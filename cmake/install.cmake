# What `cmake --install` puts where. The programs find platforms beside themselves, at ../share/latimer/platforms, so
# the folder may be moved as a whole. The Python client is installed by clients/python.
include(GNUInstallDirs)

install(TARGETS latimer latimer-server latimer-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/data/platforms/ DESTINATION share/latimer/platforms
        FILES_MATCHING PATTERN "*.textproto" PATTERN "README.md")
install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto/latimer ${CMAKE_SOURCE_DIR}/proto/google DESTINATION share/latimer/proto
        FILES_MATCHING PATTERN "*.proto")
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/latimer)
