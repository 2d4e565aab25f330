#include "unit.h"

int main() { return unit::run(); }
