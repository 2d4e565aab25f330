#pragma once

#include <vector>

#include "matrix.h"

// The factors of the columns that come nearest to the observed values.
std::vector<double> fitted(const Matrix& columns, const std::vector<double>& observed);
