# Below a person's own prefix Krita does not find the plug-in by itself: a `krita` that is found before
# the system's, and menu entries that start it.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
set(staged "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/krita.in ${staged}/bin/krita @ONLY
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
message(STATUS "Installing: ${staged}/bin/krita")

file(GLOB entries /usr/share/applications/org.kde.krita.desktop /usr/share/applications/krita*.desktop)
foreach(entry ${entries})
  file(READ ${entry} text)
  # Of the two only Exec's value is split at spaces.
  string(REGEX REPLACE "(^|\n)TryExec=(/usr/bin/)?krita" "\\1TryExec=${CMAKE_INSTALL_PREFIX}/bin/krita" text "${text}")
  string(REGEX REPLACE "(^|\n)Exec=(/usr/bin/)?krita" "\\1Exec=\"${CMAKE_INSTALL_PREFIX}/bin/krita\"" text "${text}")
  get_filename_component(name ${entry} NAME)
  file(WRITE ${staged}/share/applications/${name} "${text}")
  message(STATUS "Installing: ${staged}/share/applications/${name}")
endforeach()
