// Owns a precompiled header; see cmake/latimer_pch.cmake.
int main() { return 0; }
