# Matrix products for an engine without oneDNN: more methods of the class in kernels.py.

  # x Wᵀ of x [.., in] and W [out, in], both of one type. Either may be a transposed view.
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor) -> Tensor:
    return torch.linear(x, w)

  # x Wᵀ + bias
  def product_bias(self: __torch__.Kernels, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
    return torch.linear(x, w, bias)
