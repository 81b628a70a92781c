// Owns a precompiled header; see cmake/latimer_pch.cmake.
