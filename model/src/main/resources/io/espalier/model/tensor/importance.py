# The arithmetic of importance: more methods of the class in kernels.py.

  # ---- importance -------------------------------------------------------------------------------------------------
  # Each returns the sums of S over every row, then over every column: fp64 [out + in].

  # Adds the block S of the rows from `start` on to sums [out + in], in place.
  def add_sums(self: __torch__.Kernels, sums: Tensor, rows: int, start: int, s: Tensor) -> int:
    sums[start:start + s.size(0)] = torch.sum(s, [1], dtype=torch.float64)
    sums[rows:].add_(torch.sum(s, [0], dtype=torch.float64))
    return start

  # S = |W|^p
  def magnitude_sums(self: __torch__.Kernels, w: Tensor, p: int) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].to(torch.float32).abs()
      self.add_sums(sums, w.size(0), start, s * s if p == 2 else s)
    return sums

  # S = |W_ij| · n_j
  def scaled_magnitude_sums(self: __torch__.Kernels, w: Tensor, n: Tensor) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      self.add_sums(sums, w.size(0), start, w[start:start + step].abs() * n)
    return sums

  # S = |W_ij| · n_j · |G_ij|
  def gradient_product_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, gradient: Tensor) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = (w[start:start + step] * gradient[start:start + step]).abs_() * n
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # s = first · W⊙G - second · W²⊙A; S = |s| where absolute, else s
  def taylor_sums(self: __torch__.Kernels, w: Tensor, gradient: Tensor, squares: Tensor, first: float, second: float, absolute: bool) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      block = w[start:start + step].to(torch.float32)
      s = block * gradient[start:start + step] * first
      if second != 0.:
        s = torch.addcmul(s, block * block, squares[start:start + step], value=-second)
      self.add_sums(sums, w.size(0), start, s.abs() if absolute else s)
    return sums

  # S = |W_ij| · (n_j + a · |G_ij|)
  def additive_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, gradient: Tensor, a: float) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * (gradient[start:start + step].abs() * a + n)
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # S = |W_ij| · (n_j + a · √A_ij)
  def root_additive_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, squares: Tensor, a: float) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * (torch.sqrt(squares[start:start + step]) * a + n)
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # S = |W_ij| · n_j · r_i
  def two_sided_sums(self: __torch__.Kernels, w: Tensor, n: Tensor, r: Tensor) -> Tensor:
    sums = torch.zeros([w.size(0) + w.size(1)], dtype=torch.float64)
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      s = w[start:start + step].abs() * n * r[start:start + step].unsqueeze(1)
      self.add_sums(sums, w.size(0), start, s)
    return sums

  # ---- perturbations ----------------------------------------------------------------------------------------------
  # z of a matrix is drawn in blocks of rows from one generator, so it depends on the seed and the shape alone and is
  # never held as a whole.

  # y = x (W + εz)ᵀ for the first half of the windows of x, x (W - εz)ᵀ for the second.
  def antithetic_linear(self: __torch__.Kernels, x: Tensor, w: Tensor, seed: int, epsilon: float) -> Tensor:
    generator = torch.Generator(device=torch.device("cpu"))
    generator.manual_seed(seed)
    half = x.size(0) // 2
    plus = x[:half].reshape([-1, x.size(-1)])
    minus = x[half:].reshape([-1, x.size(-1)])
    y = torch.empty([2, plus.size(0), w.size(0)])
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      block = w[start:start + step]
      z = torch.empty([block.size(0), block.size(1)]).normal_(0., epsilon, generator=generator)
      y[0, :, start:start + step] = torch.linear(plus, block + z)
      y[1, :, start:start + step] = torch.linear(minus, block - z)
    return y.reshape([x.size(0), x.size(1), w.size(0)])

  # sum64 [out, in] += coefficient · z, in place.
  def accumulate_gaussian(self: __torch__.Kernels, sum64: Tensor, seed: int, coefficient: float) -> Tensor:
    generator = torch.Generator(device=torch.device("cpu"))
    generator.manual_seed(seed)
    step = self.block_rows(sum64)
    for start in range(0, sum64.size(0), step):
      block = sum64[start:start + step]
      z = torch.empty([block.size(0), block.size(1)]).normal_(0., 1., generator=generator)
      block.add_(z, alpha=coefficient)
    return sum64

  # The eight signs, ±scale, that each byte stands for: [256, 8].
  def sign_table(self: __torch__.Kernels, scale: float) -> Tensor:
    bits = torch.arange(256).unsqueeze(1).__rshift__(torch.arange(8)).__and__(1)
    return bits.to(torch.float32).mul_(2. * scale).sub_(scale)

  # n random signs, ±scale, from the lower 56 of the 63 random bits of each number: seven bytes.
  def signs(self: __torch__.Kernels, generator: Generator, table: Tensor, n: int) -> Tensor:
    numbers = torch.empty([n // 56 + 1], dtype=torch.int64).random_(generator=generator)
    octets = numbers.unsqueeze(1).__rshift__(torch.arange(0, 56, 8)).__and__(255)
    return table.index_select(0, octets.reshape([-1])).reshape([-1])[:n]

  # As antithetic_linear, with z of random signs.
  def antithetic_rademacher(self: __torch__.Kernels, x: Tensor, w: Tensor, seed: int, epsilon: float) -> Tensor:
    generator = torch.Generator(device=torch.device("cpu"))
    generator.manual_seed(seed)
    table = self.sign_table(epsilon)
    half = x.size(0) // 2
    plus = x[:half].reshape([-1, x.size(-1)])
    minus = x[half:].reshape([-1, x.size(-1)])
    y = torch.empty([2, plus.size(0), w.size(0)])
    step = self.block_rows(w)
    for start in range(0, w.size(0), step):
      block = w[start:start + step]
      z = self.signs(generator, table, block.numel()).reshape([block.size(0), block.size(1)])
      y[0, :, start:start + step] = torch.linear(plus, block + z)
      y[1, :, start:start + step] = torch.linear(minus, block - z)
    return y.reshape([x.size(0), x.size(1), w.size(0)])

  # sum64 [out, in] += coefficient · z, in place.
  def accumulate_rademacher(self: __torch__.Kernels, sum64: Tensor, seed: int, coefficient: float) -> Tensor:
    generator = torch.Generator(device=torch.device("cpu"))
    generator.manual_seed(seed)
    table = self.sign_table(1.)
    step = self.block_rows(sum64)
    for start in range(0, sum64.size(0), step):
      block = sum64[start:start + step]
      z = self.signs(generator, table, block.numel()).reshape([block.size(0), block.size(1)])
      block.add_(z, alpha=coefficient)
    return sum64

  # u [out], then v [in], of z = u vᵀ.
  def rank_one_factors(self: __torch__.Kernels, rows: int, columns: int, seed: int) -> Tensor:
    generator = torch.Generator(device=torch.device("cpu"))
    generator.manual_seed(seed)
    return self.signs(generator, self.sign_table(1.), rows + columns)

  # As antithetic_linear, with z = u vᵀ: x (W ± εz)ᵀ = x Wᵀ ± ε (x v) uᵀ, so W itself is used as it is.
  def antithetic_rank_one(self: __torch__.Kernels, x: Tensor, w: Tensor, seed: int, epsilon: float) -> Tensor:
    factors = self.rank_one_factors(w.size(0), w.size(1), seed)
    u, v = factors[:w.size(0)], factors[w.size(0):]
    rows = x.reshape([-1, x.size(-1)])
    y = torch.linear(rows, w)
    along = torch.mv(rows, v)
    half = rows.size(0) // 2
    y[:half].addr_(along[:half], u, alpha=epsilon)
    y[half:].addr_(along[half:], u, alpha=-epsilon)
    return y.reshape([x.size(0), x.size(1), w.size(0)])

  # sum64 [out, in] += Σ_t coefficient_t · u_t v_tᵀ, in place.
  def accumulate_rank_one(self: __torch__.Kernels, sum64: Tensor, seeds: List[int], coefficients: Tensor) -> Tensor:
    rows = sum64.size(0)
    factors = torch.empty([len(seeds), rows + sum64.size(1)], dtype=torch.float64)
    for t in range(0, len(seeds), 1):
      factors[t].copy_(self.rank_one_factors(rows, sum64.size(1), seeds[t]))
    return sum64.addmm_((factors[:, :rows] * coefficients.unsqueeze(1)).t(), factors[:, rows:])

  # ---- greedy removal of columns ----------------------------------------------------------------------------------
  # All in fp64. W [out, in] and H⁻¹ [in, in] are those of the columns not yet removed, zero in the others.

  def to_double(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.empty([x.size(0), x.size(1)], dtype=torch.float64).copy_(x)

  # (H + damping · I)⁻¹; empty when it is not positive definite in this precision.
  def damped_inverse(self: __torch__.Kernels, gram: Tensor, damping: float) -> Tensor:
    system = self.to_double(gram)
    system.diagonal().add_(damping)
    lower, info = torch.linalg_cholesky_ex(system)
    if int(info) != 0:
      return torch.empty([0], dtype=torch.float64)
    return torch.cholesky_inverse(lower)

  # ||W_:j||² / [H⁻¹]_jj for every column: what removing it alone would cost. [in]
  def column_costs(self: __torch__.Kernels, w: Tensor, inverse: Tensor) -> Tensor:
    return torch.sum(w * w, [0]) / inverse.diagonal()

  # tr(W_U ([H⁻¹]_UU)⁻¹ W_Uᵀ) of the columns U.
  def removal_cost(self: __torch__.Kernels, w: Tensor, inverse: Tensor, removed: Tensor) -> float:
    columns = w.index_select(1, removed).t()
    lower = torch.linalg_cholesky(inverse.index_select(0, removed).index_select(1, removed))
    return float(torch.sum(columns * torch.cholesky_solve(columns, lower)))

  # Removes the columns U in place: W -= W_U ([H⁻¹]_UU)⁻¹ [H⁻¹]_U,: and H⁻¹ -= [H⁻¹]_:,U ([H⁻¹]_UU)⁻¹ [H⁻¹]_U,:
  def remove_columns(self: __torch__.Kernels, w: Tensor, inverse: Tensor, removed: Tensor) -> Tensor:
    rows = inverse.index_select(0, removed)
    solved = torch.cholesky_solve(rows, torch.linalg_cholesky(rows.index_select(1, removed)))
    w.addmm_(w.index_select(1, removed), solved, alpha=-1)
    inverse.addmm_(rows.t(), solved, alpha=-1)
    w.index_fill_(1, removed, 0.)
    inverse.index_fill_(0, removed, 0.)
    return inverse.index_fill_(1, removed, 0.)
