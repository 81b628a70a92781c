# Debian packages: `cpack --config build/release/CPackConfig.cmake`, or scripts/build_packages.sh for all of it.
# latimer-server, latimer-agent, latimer-cli, and latimer-data with what the first and the last share. A build of the
# agent alone (LATIMER_AGENT_ONLY) packages the agent alone.
#
# What only packages hold (units, settings, manuals) is EXCLUDE_FROM_ALL: `cmake --install` leaves it out.
include(GNUInstallDirs)

find_program(LATIMER_GZIP gzip)
set(deploy ${CMAKE_SOURCE_DIR}/deploy)
set(staging ${CMAKE_BINARY_DIR}/packaging)
set(packaged)

# Compressed without name and time, so that equal sources make equal packages.
function(latimer_compress source destination)
  execute_process(COMMAND ${LATIMER_GZIP} -9nc ${source} OUTPUT_FILE ${destination} COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
endfunction()

# latimer_package(<component> <package> DESCRIPTION … DEPENDS … [MAN file] [SERVICE [SECRET]] [ALL]): SERVICE means
# that deploy/systemd has <package>.service, and deploy/debian its settings and maintainer scripts; SECRET that its
# settings may hold a token and are for root alone.
macro(latimer_package component package)
  cmake_parse_arguments(ARG "SERVICE;SECRET;ALL" "DESCRIPTION;DEPENDS;MAN" "" ${ARGN})
  string(TOUPPER ${component} upper)
  list(APPEND packaged ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${ARG_DESCRIPTION}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${ARG_DEPENDS}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS ON)
  if(ARG_ALL)
    set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS OFF)
    set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE all)
  endif()
  install(FILES ${deploy}/debian/copyright ${staging}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${component} EXCLUDE_FROM_ALL)
  if(ARG_MAN)
    string(REGEX MATCH "[0-9]$" chapter ${ARG_MAN})
    latimer_compress(${deploy}/man/${ARG_MAN} ${staging}/${ARG_MAN}.gz)
    install(FILES ${staging}/${ARG_MAN}.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/man/man${chapter}
            COMPONENT ${component} EXCLUDE_FROM_ALL)
  endif()
  if(ARG_SERVICE)
    install(FILES ${deploy}/systemd/${package}.service DESTINATION /lib/systemd/system
            COMPONENT ${component} EXCLUDE_FROM_ALL)
    set(readers GROUP_READ WORLD_READ)
    if(ARG_SECRET)
      set(readers)
    endif()
    install(FILES ${deploy}/debian/${package}.default RENAME ${package} DESTINATION /etc/default
            PERMISSIONS OWNER_READ OWNER_WRITE ${readers} COMPONENT ${component} EXCLUDE_FROM_ALL)
    file(MAKE_DIRECTORY ${staging}/${package})
    file(WRITE ${staging}/${package}/conffiles "/etc/default/${package}\n")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${staging}/${package}/conffiles)
    foreach(script postinst prerm postrm)
      file(COPY_FILE ${deploy}/debian/${package}.${script} ${staging}/${package}/${script} ONLY_IF_DIFFERENT)
      file(CHMOD ${staging}/${package}/${script} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
           GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
      list(APPEND CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${staging}/${package}/${script})
    endforeach()
  endif()
endmacro()

if(LATIMER_GZIP)
  file(MAKE_DIRECTORY ${staging})
  latimer_compress(${deploy}/debian/changelog ${staging}/changelog.gz)
  set(version_of_data "latimer-data (= ${PROJECT_VERSION})")
  latimer_package(agent latimer-agent MAN latimer-agent.8 SERVICE SECRET DEPENDS "adduser"
    DESCRIPTION "Measures neural networks on this board for a Latimer server
The agent dials a server, enrols with a one-time token, and measures the
networks the server asks for in a child process. What it measured waits on
disk until the server has stored it.")
  if(TARGET latimer-server)
    latimer_package(server latimer-server MAN latimer-server.8 SERVICE DEPENDS "adduser, ${version_of_data}"
      DESCRIPTION "Answers how long neural networks run on embedded boards
A gRPC service that estimates the latency of neural networks layer by layer,
leads boards that measure, and fits models to what they measured.")
    latimer_package(cli latimer-cli MAN latimer.1 DEPENDS "${version_of_data}"
      DESCRIPTION "Estimates how long neural networks run on embedded boards
The command line of Latimer. Works alone on ONNX files, or asks a server, and
manages the server's boards, campaigns and models.")
    latimer_package(data latimer-data ALL
      DESCRIPTION "Models of published platforms for Latimer
Platform models from the literature, and the definition of the gRPC interface.")
  endif()

  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_NAME latimer)
  set(CPACK_PACKAGE_VENDOR "Latimer maintainers")
  set(CPACK_PACKAGE_CONTACT "Latimer maintainers <maintainers@latimer.dev>")
  set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_COMPONENTS_ALL ${packaged})
  set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
  set(CPACK_COMPONENTS_IGNORE_GROUPS ON)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION science)
  set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
      WORLD_READ WORLD_EXECUTE)
  include(CPack)
endif()
